import {
  OpenRequests,
  type PermissionRequest,
  type SessionClient,
  type SessionEvent,
} from '../../client/index.ts'
import { ask } from './asking.ts'
import type { Asked } from './choosing.ts'
import { ClientTools } from './client-tools.ts'

type Answer = Parameters<SessionClient['answer']>[1]

export interface ForwarderOptions {
  session: SessionClient
  to: Asked
  /** Whether the client has prompted the turn, and so is to answer for it. */
  isOwn(turnId: string | undefined): boolean
  logFault(error: unknown): void
}

const deny = { decision: 'deny' } as const

/** Forwards the open requests of a session to the client. A request that is answered elsewhere is cancelled at the client. */
export class RequestForwarder {
  readonly #options: ForwarderOptions
  readonly #open = new OpenRequests((request, signal) => this.#ask(request, signal))
  /** Requests that were open when the client has loaded the session, and so took it over. */
  readonly #inherited = new Set<string>()
  readonly #tools: ClientTools

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#tools = new ClientTools(options.to)
  }

  /** Takes requests that were open before the first event. */
  add(requests: readonly PermissionRequest[]): void {
    this.#open.add(requests)
    for (const { permissionId } of requests) this.#inherited.add(permissionId)
  }

  see(event: SessionEvent): void {
    this.#open.see(event)
  }

  close(): void {
    this.#open.close()
  }

  #ask(request: PermissionRequest, signal: AbortSignal): void {
    if (request.kind === 'hook') return
    if (request.kind === 'client_tool' && !this.#answersFor(request)) return
    this.#answer(request, signal).catch(error => {
      if (!signal.aborted) this.#options.logFault(error)
    })
  }

  async #answer(request: PermissionRequest, signal: AbortSignal): Promise<void> {
    const { session } = this.#options
    const answer = await this.#outcomeOf(request, signal)
    if (answer === undefined || signal.aborted) return
    if (answer === 'cancelled') return this.#cancel(request)
    try {
      await session.answerIfPending(request.permissionId, answer, { signal })
    } catch (error) {
      if (signal.aborted) return
      // Nothing else would end the wait of the client.
      const refused = `The answer was refused: ${(error as Error)?.message}`
      const given = request.kind === 'client_tool' ? { error: refused } : deny
      await session.answerIfPending(request.permissionId, given, { signal })
      throw error
    }
  }

  /** A client that only watches has no say where it cannot be asked, and runs no tools. */
  #answersFor({ permissionId, turnId }: PermissionRequest): boolean {
    return this.#options.isOwn(turnId ?? undefined) || this.#inherited.has(permissionId)
  }

  /** Undefined: others are to answer. */
  async #outcomeOf(
    request: PermissionRequest,
    signal: AbortSignal,
  ): Promise<Answer | 'cancelled' | undefined> {
    if (request.kind === 'client_tool') return this.#tools.answer(request, signal)
    try {
      return await ask(this.#options.to, request, signal)
    } catch (error) {
      if (signal.aborted || !this.#answersFor(request)) return undefined
      this.#options.logFault(error)
      return deny
    }
  }

  /** The protocol's `cancelled` means that the person has cancelled the turn. */
  async #cancel({ permissionId, turnId }: PermissionRequest): Promise<void> {
    const { session } = this.#options
    if (turnId === null) await session.answerIfPending(permissionId, deny)
    else await session.interrupt({ turnId })
  }
}
