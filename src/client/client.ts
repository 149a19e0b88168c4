import type {
  CreateSessionRequest,
  OperationId,
  Operations,
  SearchResult,
  SessionSummary,
} from './generated-api.ts'
import { SessionClient } from './session-client.ts'
import { type CallOptions, type ClientOptions, type OperationInput, Transport } from './transport.ts'

/** The input may be left out where every part of it may. */
type CallArguments<Id extends OperationId> =
  Record<string, never> extends OperationInput<Id>
    ? [input?: OperationInput<Id>, options?: CallOptions]
    : [input: OperationInput<Id>, options?: CallOptions]

/** A client of one server. It holds no connection, and there is nothing to close. */
export class ClaudeCodeClient {
  readonly #transport: Transport

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options)
  }

  /** Calls any operation of the API by its name. Files and other bytes come as a `Response`. */
  call<Id extends OperationId>(
    id: Id,
    ...[input, options]: CallArguments<Id>
  ): Promise<Operations[Id]['response']> {
    return this.#transport.call(id, input ?? ({} as OperationInput<Id>), options)
  }

  async createSession(request: CreateSessionRequest = {}, options?: CallOptions): Promise<SessionClient> {
    const { sessionId } = await this.#transport.call('createSession', { body: request }, options)
    return this.session(sessionId)
  }

  /** The session with this id, without asking the server. */
  session(sessionId: string): SessionClient {
    return new SessionClient(this.#transport, sessionId)
  }

  /** Yields the sessions, newest activity first, page by page. */
  async *sessions(
    query: NonNullable<Operations['listSessions']['query']> = {},
    options?: CallOptions,
  ): AsyncGenerator<SessionSummary, void> {
    let { cursor } = query
    do {
      const page = await this.#transport.call('listSessions', { query: { ...query, cursor } }, options)
      yield* page.sessions
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /** Yields the titles, prompts and answers that have all words of `q`, newest first, page by page. */
  async *search(
    query: NonNullable<Operations['search']['query']>,
    options?: CallOptions,
  ): AsyncGenerator<SearchResult, void> {
    let { cursor } = query
    do {
      const page = await this.#transport.call('search', { query: { ...query, cursor } }, options)
      yield* page.results
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }
}
