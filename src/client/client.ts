import type { FeedEvent } from './event-stream.ts'
import { type FollowFeedOptions, followFeed } from './follow.ts'
import type {
  CreateSessionRequest,
  OperationId,
  Operations,
  Preset,
  SearchResult,
  SessionSummary,
} from './generated-api.ts'
import { RequestAnswering, type RequestHandlers } from './request-answering.ts'
import { SessionClient } from './session-client.ts'
import { type CallOptions, type ClientOptions, type OperationInput, Transport } from './transport.ts'

/** The input may be left out where every part of it may. */
type CallArguments<Id extends OperationId> =
  Record<string, never> extends OperationInput<Id>
    ? [input?: OperationInput<Id>, options?: CallOptions]
    : [input: OperationInput<Id>, options?: CallOptions]

export interface FollowAllOptions extends FollowFeedOptions {
  onRequest?: RequestHandlers | undefined
}

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

  /**
   * Yields the events of all sessions that the key can see, of the past and live, in one order. It does not end by
   * itself. A request that waited when the stream began is given to its callback too, if `after` lies before it.
   */
  async *follow({ onRequest = {}, ...options }: FollowAllOptions = {}): AsyncGenerator<FeedEvent, void> {
    const answering = new RequestAnswering(onRequest, ({ sessionId, permissionId }, answer, { signal }) =>
      this.session(sessionId).answerIfPending(permissionId, answer, { signal }),
    )
    const { failed } = answering
    const signal = options.signal ? AbortSignal.any([options.signal, failed]) : failed
    try {
      for await (const event of followFeed(this.#transport, { ...options, signal })) {
        answering.see(event)
        yield event
      }
    } finally {
      answering.close()
    }
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

  /** Yields the presets by name, each with its newest version, page by page. */
  async *presets(
    query: NonNullable<Operations['listPresets']['query']> = {},
    options?: CallOptions,
  ): AsyncGenerator<Preset, void> {
    let { cursor } = query
    do {
      // A cursor takes the place of an offset.
      const { offset: _, ...rest } = query
      const given = cursor === undefined ? query : { ...rest, cursor }
      const page = await this.#transport.call('listPresets', { query: given }, options)
      yield* page.presets
      cursor = page.pagination.nextCursor ?? undefined
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
