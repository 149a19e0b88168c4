import type { ServerContext } from '@modelcontextprotocol/server'
import type { PermissionRequest } from '../../client/index.ts'
import type { Channel, ElicitationModes, FormOrPage } from './surroundings.ts'

/** People take their time; the request of Claude ends before. */
const longestMs = 2_000_000_000

interface DirectParts {
  modes: ElicitationModes
  context: ServerContext
  /** Gives the result of an elicitation to the API. Returns whether it is an answer. */
  giveAnswer(request: PermissionRequest, result: unknown): Promise<boolean>
}

/** The elicitations of a tool call on a connection that both sides send requests on: stdio until 2025-11-25. */
export class DirectChannel implements Channel {
  readonly modes: ElicitationModes
  readonly resumed = undefined
  readonly dismissed: AbortSignal
  readonly #parts: DirectParts
  readonly #dismissing = new AbortController()
  /** Elicitations that the client has not answered, by permission. */
  readonly #open = new Map<string, AbortController>()

  constructor(parts: DirectParts) {
    this.#parts = parts
    this.modes = parts.modes
    this.dismissed = this.#dismissing.signal
  }

  moved(): void {}

  /** The log tells the call of the answer. */
  async elicit(request: PermissionRequest, params: FormOrPage): Promise<void> {
    const withdrawing = new AbortController()
    this.#open.set(request.permissionId, withdrawing)
    this.#ask(request, params, withdrawing.signal).then(
      isAnswered => isAnswered || this.#dismissing.abort(),
      () => withdrawing.signal.aborted || this.#dismissing.abort(),
    )
  }

  async #ask(request: PermissionRequest, params: FormOrPage, withdrawn: AbortSignal): Promise<boolean> {
    const { context, giveAnswer } = this.#parts
    const { send, signal } = context.mcpReq
    const options = { signal: AbortSignal.any([signal, withdrawn]), timeout: longestMs }
    const result = await send({ method: 'elicitation/create', params: { ...params } }, options)
    this.#open.delete(request.permissionId)
    return giveAnswer(request, result)
  }

  async withdraw(permissionId: string): Promise<void> {
    this.#open.get(permissionId)?.abort('The request is over')
    this.#open.delete(permissionId)
  }
}
