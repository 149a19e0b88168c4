import {
  ApiError,
  type PermissionRequest,
  type SessionClient,
  type SessionEvent,
} from '../../client/index.ts'
import { ask } from './asking.ts'
import type { Asked } from './choosing.ts'
import { ClientTools } from './client-tools.ts'

type Answer = Parameters<SessionClient['answer']>[1]

export interface DeskOptions {
  session: SessionClient
  to: Asked
  /** Whether the client has prompted the turn, and so is to answer for it. */
  isOwn(turnId: string | undefined): boolean
  logFault(error: unknown): void
}

const deny = { decision: 'deny' } as const

/** Asks the client the open requests of a session. A request that is answered elsewhere is cancelled at the client. */
export class RequestDesk {
  readonly #options: DeskOptions
  readonly #asked = new Map<string, AbortController>()
  /** Requests of the past that may be open still. */
  readonly #past = new Map<string, PermissionRequest>()
  /** Requests that were open when the client has loaded the session, and so took it over. */
  readonly #inherited = new Set<string>()
  readonly #tools: ClientTools
  #isLive = false
  #isClosed = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#tools = new ClientTools(options.to)
  }

  /** Takes requests that were open before the first event. */
  add(requests: Iterable<PermissionRequest>): void {
    for (const request of requests) {
      this.#past.set(request.permissionId, request)
      this.#inherited.add(request.permissionId)
    }
  }

  see(event: SessionEvent): void {
    switch (event.type) {
      case 'reconnected':
        this.#isLive = false
        return
      case 'caught_up':
        this.#isLive = true
        for (const request of this.#past.values()) this.#ask(request)
        this.#past.clear()
        return
      case 'permission.requested':
        if (this.#isLive) this.#ask(event.data)
        else this.#past.set(event.data.permissionId, event.data)
        return
      case 'permission.resolved':
        this.#past.delete(event.data.permissionId)
        this.#asked.get(event.data.permissionId)?.abort()
        this.#asked.delete(event.data.permissionId)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const over of this.#asked.values()) over.abort()
    this.#asked.clear()
  }

  #ask(request: PermissionRequest): void {
    if (this.#isClosed || this.#asked.has(request.permissionId) || request.kind === 'hook') return
    if (request.kind === 'client_tool' && !this.#answersFor(request)) return
    const over = new AbortController()
    this.#asked.set(request.permissionId, over)
    this.#answer(request, over.signal).catch(error => {
      if (!over.signal.aborted) this.#options.logFault(error)
    })
  }

  async #answer(request: PermissionRequest, signal: AbortSignal): Promise<void> {
    const answer = await this.#outcomeOf(request, signal)
    if (answer === undefined || signal.aborted) return
    if (answer === 'cancelled') return this.#cancel(request)
    try {
      await this.#options.session.answer(request.permissionId, answer, { signal })
    } catch (error) {
      if (isResolved(error) || signal.aborted) return
      // Nothing else would end the wait of the client.
      const refused = `The answer was refused: ${(error as Error)?.message}`
      const given = request.kind === 'client_tool' ? { error: refused } : deny
      await this.#options.session.answer(request.permissionId, given, { signal })
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
    if (turnId !== null) await session.interrupt({ turnId })
    else {
      await session.answer(permissionId, deny).catch(error => {
        if (!isResolved(error)) throw error
      })
    }
  }
}

function isResolved(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'PERMISSION_ALREADY_RESOLVED'
}
