import type { PermissionRequest } from '../../client/index.ts'
import { toClientTool } from '../../contract/client-requests.ts'
import type { WireEvent } from './event-types.ts'
import { toObjectEventId, toToolEventId } from './ids.ts'
import type { ClientResult, MessageMapper } from './message-mapper.ts'

/** The requests that wait for the client. */
export class RequestMapper {
  readonly #messages: MessageMapper
  /** Event ids of the calls, by the request. */
  readonly #open = new Map<string, string>()

  constructor(messages: MessageMapper) {
    this.#messages = messages
  }

  /** The events that the session waits for. */
  get eventIds(): string[] {
    return [...new Set(this.#open.values())]
  }

  /** Undefined: clients of the protocol cannot answer such a request. */
  open(request: PermissionRequest & { timestamp: string }): WireEvent[] | undefined {
    const { permissionId, toolUseId, toolName, input, timestamp } = request
    if (toolUseId === null || !isAnswerable(request)) return undefined
    const id = toToolEventId(toolUseId)
    this.#open.set(permissionId, id)
    if (this.#messages.knows(toolUseId)) return []
    // The call of a subagent.
    const { outline } = this.#messages
    const kind = outline.kindOf(request.kind === 'client_tool' ? toClientTool(toolName) : toolName)
    this.#messages.noteCall(toolUseId, kind)
    return [outline.toUseEvent(kind, input, { id, processed_at: timestamp }, request.kind !== 'client_tool')]
  }

  /** The answer of the client; undefined: the request was not known. */
  close(request: PermissionRequest & { timestamp: string }): WireEvent[] | undefined {
    const { permissionId, toolUseId, status } = request
    if (!this.#open.delete(permissionId) || toolUseId === null) return undefined
    if (status === 'expired' || status === 'withdrawn') return []
    return [this.#toAnswer(request, toolUseId)]
  }

  #toAnswer(request: PermissionRequest & { timestamp: string }, toolUseId: string): WireEvent {
    const { kind, status, message, timestamp: processed_at, permissionId, toolName } = request
    const stamp = { id: toObjectEventId(permissionId), processed_at }
    const of = toToolEventId(toolUseId)
    if (kind === 'client_tool') {
      const is_error = message !== null
      const { kind: called } = this.#messages.outline.kindOf(toClientTool(toolName))
      const result: ClientResult =
        called === 'custom'
          ? { type: 'user.custom_tool_result', custom_tool_use_id: of, is_error, ...stamp }
          : { type: 'user.tool_result', tool_use_id: of, is_error, ...stamp }
      this.#messages.noteResult(toolUseId, result)
      return result
    }
    // A hook that refuses is answered with an error.
    const isDenied = kind === 'hook' ? message !== null : status !== 'allowed'
    return {
      type: 'user.tool_confirmation',
      tool_use_id: of,
      result: isDenied ? 'deny' : 'allow',
      ...(isDenied && message !== null && { deny_message: message }),
      ...stamp,
    }
  }
}

/** Forms of MCP servers and hooks about other events have no counterpart. */
export function isAnswerable({ kind, hook }: Pick<PermissionRequest, 'kind' | 'hook'>): boolean {
  return kind !== 'elicitation' && (kind !== 'hook' || hook?.event === 'PreToolUse')
}
