import { isDeepStrictEqual } from 'node:util'
import type { DeltaEvent } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { argumentsOf, type WholeCall } from './messages.ts'
import type { AgUiEvent, Message } from './protocol.ts'

/** The arguments of tool calls that the client has received. */
export class CallArguments {
  readonly #written = new Map<string, string>()
  /** The pieces of calls that are being generated. */
  readonly #received = new Map<string, string>()
  readonly #open = new Map<string, { messageId: string; blockIndex: number }>()
  readonly #whole = new Set<string>()
  /** Calls that are written once they are complete. */
  readonly #skipped = new Set<string>()

  /** @param known the messages that the client has */
  constructor(known: readonly Message[]) {
    for (const {
      id,
      function: { arguments: text },
    } of known.flatMap(({ toolCalls = [] }) => toolCalls)) {
      this.#written.set(id, text)
    }
  }

  /** Writes a piece of a call. */
  add({ messageId, blockIndex, delta }: DeltaEvent): AgUiEvent[] {
    if (delta.type !== 'input_json') return []
    const { toolUseId: toolCallId, toolName, partialJson } = delta
    if (toolCallId === undefined || toolName === undefined) return []
    if (this.#whole.has(toolCallId) || this.#skipped.has(toolCallId)) return []
    const received = this.#received.get(toolCallId) ?? ''
    const written = this.#written.get(toolCallId) ?? ''
    const text = received + partialJson
    this.#received.set(toolCallId, text)
    if (partialJson === '') return []
    // After a broken connection, the beginning comes again. If it differs, the complete call corrects it.
    const isNext = received === written
    if (!isNext && (text.length <= written.length || !text.startsWith(written))) return []
    const events = this.#start(toolCallId, toolName, messageId, {})
    this.#open.set(toolCallId, { messageId, blockIndex })
    this.#written.set(toolCallId, text)
    const rest = isNext ? partialJson : text.slice(written.length)
    return [...events, { type: 'TOOL_CALL_ARGS', toolCallId, delta: rest }]
  }

  /** Expects pieces from their beginning again. */
  restart(): void {
    this.#received.clear()
  }

  /** Writes the rest of a call; undefined: the client has other arguments, which only a snapshot corrects. */
  finish(messageId: string, call: WholeCall, owner: { subagentRunId?: string }): AgUiEvent[] | undefined {
    const { id: toolCallId } = call
    if (this.#whole.has(toolCallId)) return []
    this.#whole.add(toolCallId)
    const written = this.#written.get(toolCallId)
    if (written !== undefined && isDeepStrictEqual(parse(written), call.input ?? {}))
      return this.end(toolCallId, owner)
    const text = argumentsOf(call)
    this.#written.set(toolCallId, text)
    if (!text.startsWith(written ?? '')) return undefined
    const events = this.#start(toolCallId, call.name, messageId, owner)
    this.#open.set(toolCallId, { messageId, blockIndex: 0 })
    const delta = text.slice(written?.length ?? 0)
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
    this.#written.delete(toolCallId)
    return this.end(toolCallId, {})
  }

  /** Closes calls that a snapshot leaves out. */
  forgetOpen(): AgUiEvent[] {
    for (const toolCallId of this.#open.keys()) {
      this.#written.delete(toolCallId)
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

  /** Takes a call that the client has received in a snapshot. */
  adopt(call: WholeCall): void {
    this.#written.set(call.id, argumentsOf(call))
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
