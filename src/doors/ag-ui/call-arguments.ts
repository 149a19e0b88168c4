import { isDeepStrictEqual } from 'node:util'
import type { DeltaEvent } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { argumentsOf, type WholeCall } from './messages.ts'
import type { AgUiEvent, Message } from './protocol.ts'

/** The arguments of tool calls as the client has them, piece by piece or whole. */
export class CallArguments {
  readonly #told = new Map<string, string>()
  /** The pieces of calls that are being generated. */
  readonly #received = new Map<string, string>()
  readonly #open = new Map<string, { messageId: string; blockIndex: number }>()
  readonly #whole = new Set<string>()
  /** Calls that are told when they are whole. */
  readonly #skipped = new Set<string>()

  /** @param known the messages that the client has already */
  constructor(known: readonly Message[]) {
    for (const {
      id,
      function: { arguments: text },
    } of known.flatMap(({ toolCalls = [] }) => toolCalls)) {
      this.#told.set(id, text)
    }
  }

  /** Tells a piece of a call. */
  add({ messageId, blockIndex, delta }: DeltaEvent): AgUiEvent[] {
    if (delta.type !== 'input_json') return []
    const { toolUseId: toolCallId, toolName, partialJson } = delta
    if (toolCallId === undefined || toolName === undefined) return []
    if (this.#whole.has(toolCallId) || this.#skipped.has(toolCallId)) return []
    const received = this.#received.get(toolCallId) ?? ''
    const told = this.#told.get(toolCallId) ?? ''
    const text = received + partialJson
    this.#received.set(toolCallId, text)
    if (partialJson === '') return []
    // After a broken connection, the beginning comes again. Another one is set right by the whole call.
    if (received !== told && (text.length <= told.length || !text.startsWith(told))) return []
    const events = this.#start(toolCallId, toolName, messageId, {})
    this.#open.set(toolCallId, { messageId, blockIndex })
    this.#told.set(toolCallId, text)
    return [...events, { type: 'TOOL_CALL_ARGS', toolCallId, delta: text.slice(told.length) }]
  }

  /** Pieces come again from their beginning. */
  restart(): void {
    this.#received.clear()
  }

  /** Tells the rest of a call; undefined: the client has other arguments, which no event can change. */
  finish(messageId: string, call: WholeCall, owner: { subagentRunId?: string }): AgUiEvent[] | undefined {
    const { id: toolCallId } = call
    if (this.#whole.has(toolCallId)) return []
    this.#whole.add(toolCallId)
    const told = this.#told.get(toolCallId)
    if (told !== undefined && isDeepStrictEqual(parse(told), call.input ?? {}))
      return this.end(toolCallId, owner)
    const text = argumentsOf(call)
    this.#told.set(toolCallId, text)
    if (!text.startsWith(told ?? '')) return undefined
    const events = this.#start(toolCallId, call.name, messageId, owner)
    this.#open.set(toolCallId, { messageId, blockIndex: 0 })
    const delta = text.slice(told?.length ?? 0)
    return [
      ...events,
      { type: 'TOOL_CALL_ARGS', toolCallId, delta, ...owner },
      ...this.end(toolCallId, owner),
    ]
  }

  /** Closes the call of a block that was withdrawn. */
  withdraw(messageId: string, blockIndex: number): AgUiEvent[] {
    const found = [...this.#open].find(([, at]) => at.messageId === messageId && at.blockIndex === blockIndex)
    if (!found) return []
    const [toolCallId] = found
    this.#told.delete(toolCallId)
    return this.end(toolCallId, {})
  }

  /** Closes calls that a snapshot leaves out. */
  forgetOpen(): AgUiEvent[] {
    for (const toolCallId of this.#open.keys()) {
      this.#told.delete(toolCallId)
      this.#skipped.add(toolCallId)
    }
    return this.close()
  }

  end(toolCallId: string, owner: { subagentRunId?: string }): AgUiEvent[] {
    return this.#open.delete(toolCallId) ? [{ type: 'TOOL_CALL_END', toolCallId, ...owner }] : []
  }

  close(): AgUiEvent[] {
    return [...this.#open.keys()].flatMap(toolCallId => this.end(toolCallId, {}))
  }

  /** Takes a call that the client gets with a snapshot. */
  adopt(call: WholeCall): void {
    this.#told.set(call.id, argumentsOf(call))
    this.#whole.add(call.id)
  }

  #start(
    toolCallId: string,
    toolName: string,
    parentMessageId: string,
    owner: { subagentRunId?: string },
  ): AgUiEvent[] {
    if (this.#open.has(toolCallId)) return []
    return [
      { type: 'TOOL_CALL_START', toolCallId, toolCallName: toShownTool(toolName), parentMessageId, ...owner },
    ]
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
