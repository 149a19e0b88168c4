import {
  type BlockView,
  type DeltaEvent,
  type FullMessage,
  readMessage,
  TaskList,
  type ToolResultView,
} from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import type { Chunk } from './chunk.ts'
import { callIdOf, inputOf, isToolOfClient, nameOf, replyModeOf, type UiRequest } from './requests.ts'
import { hasOutput, type Shown } from './shown.ts'
import {
  type Block,
  type CallItem,
  type Item,
  isOf,
  type Piece,
  render,
  renderInput,
  type TextItem,
  toAvailable,
  toPiece,
  toStart,
} from './step.ts'
import { StepWriter } from './step-writer.ts'
import { textsOf, toOutputChunk } from './tool-output.ts'

/** Decisions by which a call does not run. */
const refused: ReadonlySet<string> = new Set(['denied', 'expired', 'withdrawn'])

/** Makes chunks of what a turn says and does. A step of the message is a message of the model. */
export class MessageWriter {
  readonly #step = new StepWriter(items => this.#forget(items))
  readonly #shown: Shown['calls']
  readonly #todos: TaskList
  /** The calls that have no output, and those of the open step. */
  readonly #calls = new Map<string, CallItem>()
  readonly #finished = new Set<string>()
  readonly #denied = new Set<string>()
  /** Pieces of messages before which the log has others. */
  #early: Piece[] = []
  #textCount = 0

  constructor({ calls, todos }: Shown) {
    this.#shown = calls
    this.#todos = new TaskList(todos)
  }

  /** Returns the chunks since the last call. */
  take(): Chunk[] {
    return this.#step.take()
  }

  addDelta(piece: Piece): void {
    const { messageId, blockIndex, delta } = piece
    if (this.#isEarly(messageId)) {
      this.#early.push(piece)
      return
    }
    const block = { messageId, blockIndex }
    if (delta.type === 'input_json') this.#addInput(block, delta)
    else if (delta.type === 'text') this.#addText('text', block, delta.text)
    else this.#addText('reasoning', block, delta.thinking)
  }

  /** The block will not become a message. */
  voidBlock(block: Block): void {
    this.#early = this.#early.filter(
      ({ messageId, blockIndex }) => messageId !== block.messageId || blockIndex !== block.blockIndex,
    )
    this.#drop(item => isOf(item, block))
    this.#release()
  }

  /** The pieces of all unfinished blocks come again from their start. */
  voidAll(): void {
    this.#early = []
    this.#drop(item => item.kind !== 'data' && item.partial !== null)
  }

  addMessage(event: FullMessage): void {
    const message = readMessage(event)
    if (!message) return
    for (const { callId, fields } of message.changes) {
      if (fields.result) this.#addResult(callId, fields.result)
    }
    const { id, role, notice, blocks, parentCallId } = message
    // The end of the turn reports an error.
    if (parentCallId !== null || notice === 'error') return
    if (notice !== null) {
      this.addData('notice', id, { kind: notice, text: textsOf(blocks).join('\n') })
    } else if (role === 'assistant') {
      this.#reach(id)
      for (const block of blocks) this.#addBlock(id, block, event.sequence)
      this.#release()
    }
  }

  addData(name: string, id: string, data: unknown): void {
    this.#step.setData(name, id, data)
  }

  /** Ends the message. */
  end(): void {
    this.#step.end()
  }

  /** Notes a decision, and shows it if the client does not know it. */
  resolve(request: UiRequest): void {
    if (request.kind === 'elicitation') this.#resolveForm(request)
    if (replyModeOf(request) !== 'approval') return
    const { permissionId: approvalId, status, message } = request
    const callId = callIdOf(request)
    const approved = !refused.has(status)
    if (!approved) this.#denied.add(callId)
    const shown = this.#shown.get(callId)
    // A turn that is interrupted withdraws its requests last.
    if (this.#isOver(callId) || (shown && shown.state !== 'approval-requested')) return
    if (!shown) this.#ask(request)
    const reason = message ?? (status === 'expired' || status === 'withdrawn' ? status : null)
    const fields = { approvalId, approved, ...(reason !== null && { reason }) }
    const response: Chunk = { type: 'tool-approval-response', ...fields }
    this.#calls.get(callId)?.approval.push(response)
    this.#step.push(response)
  }

  /**
   * Ends the step with what the client is asked. Clients send their answers once every call of the step has an
   * answer or an output, so calls that have neither are taken back; they come again when the message continues.
   *
   * @param sequence of the newest event
   * @returns the sequence after which the message continues
   */
  pause(requests: readonly UiRequest[], sequence: number): number {
    const asked = new Set(requests.map(callIdOf))
    let held: number | null = null
    this.#early = []
    this.#drop(item => {
      if (item.kind === 'data') return false
      if (item.kind === 'call' && (item.output !== null || asked.has(item.id))) return false
      if (item.kind !== 'call' && item.partial === null && held === null) return false
      if (item.sequence !== null) held ??= item.sequence
      return true
    })
    for (const request of requests) this.#ask(request)
    this.#step.close()
    return held === null ? sequence : held - 1
  }

  /** Deltas are not in the log, and can come before the message before theirs. */
  #isEarly(messageId: string): boolean {
    if (messageId === this.#step.id) return false
    return this.#early.length > 0 || this.#step.unfinished.length > 0
  }

  #release(): void {
    for (const piece of this.#early.splice(0)) this.addDelta(piece)
  }

  /** Makes way for a message that the log has now: no other one before it is unfinished. */
  #reach(messageId: string): void {
    if (messageId === this.#step.id) return
    if (this.#early.some(piece => piece.messageId === messageId)) {
      this.#step.open(messageId)
      this.#release()
    } else if (!this.#step.isStored) {
      this.#early.unshift(...this.#step.unfinished.flatMap(item => toPiece(item) ?? []))
      this.#drop(item => item.kind !== 'data' && item.partial !== null)
    }
  }

  #addBlock(messageId: string, block: BlockView, sequence: number): void {
    if (block.type === 'tool_call') {
      const { id, name, input } = block
      if (id !== null) this.#addCall(messageId, { id, name: name ?? '', input, sequence })
    } else if (block.type === 'text') {
      this.#completeText('text', messageId, block.text, sequence)
    } else if (block.type === 'thinking') {
      this.#completeText('reasoning', messageId, block.text, sequence)
    }
  }

  #addText(kind: TextItem['kind'], block: Block, piece: string): void {
    this.#step.open(block.messageId)
    let item = this.#step.find((other): other is TextItem => other.kind === kind && isOf(other, block))
    if (!item) {
      item = this.#newText(kind, block, null)
      this.#step.push({ type: `${kind}-start`, id: item.id })
    }
    item.text += piece
    this.#step.push({ type: `${kind}-delta`, id: item.id, delta: piece })
  }

  /** Blocks are completed in order. */
  #completeText(kind: TextItem['kind'], messageId: string, text: string, sequence: number): void {
    this.#step.open(messageId)
    const item = this.#step.find(
      (other): other is TextItem => other.kind === kind && other.partial?.messageId === messageId,
    )
    if (!item) {
      const complete = this.#newText(kind, null, sequence)
      complete.text = text
      this.#step.push(...render(complete))
      return
    }
    const { id, text: before } = item
    Object.assign(item, { text, partial: null, sequence })
    if (!text.startsWith(before)) {
      this.#step.renderAgain()
      return
    }
    if (text !== before) this.#step.push({ type: `${kind}-delta`, id, delta: text.slice(before.length) })
    this.#step.push({ type: `${kind}-end`, id })
  }

  #newText(kind: TextItem['kind'], partial: Block | null, sequence: number | null): TextItem {
    const item = { kind, id: `${kind}-${++this.#textCount}`, text: '', partial, sequence }
    return this.#step.add(item)
  }

  #addInput(block: Block, delta: Extract<DeltaEvent['delta'], { type: 'input_json' }>): void {
    const { toolUseId, toolName } = delta
    if (toolUseId === undefined || toolName === undefined || this.#shown.has(toolUseId)) return
    this.#step.open(block.messageId)
    let call = this.#calls.get(toolUseId)
    if (!call) {
      call = this.#newCall(toolUseId, toolName, {}, null)
      call.partial = block
      this.#step.push(toStart(call))
    }
    call.inputText += delta.partialJson
    if (delta.partialJson === '') return
    this.#step.push({ type: 'tool-input-delta', toolCallId: toolUseId, inputTextDelta: delta.partialJson })
  }

  #addCall(messageId: string, block: Pick<CallItem, 'id' | 'name' | 'input' | 'sequence'>): void {
    const { id, name, input, sequence } = block
    if (this.#shown.has(id)) return
    this.#step.open(messageId)
    const partial = this.#calls.get(id)
    const call = partial ?? this.#newCall(id, name, input, sequence)
    Object.assign(call, { input, inputText: '', sequence, partial: null })
    if (!partial) this.#step.push(...renderInput(call))
    else if (!call.isOfClient) this.#step.push(toAvailable(call))
  }

  #newCall(id: string, name: string, input: unknown, sequence: number | null): CallItem {
    const isOfClient = isToolOfClient(name)
    const call: CallItem = {
      ...{ kind: 'call', id, name: toShownTool(name), input, isOfClient, sequence },
      ...{ inputText: '', partial: null, approval: [], output: null },
    }
    this.#calls.set(id, call)
    return this.#step.add(call)
  }

  #addResult(callId: string, result: ToolResultView): void {
    const call = this.#calls.get(callId)
    if (this.#isOver(callId) || (!call && !this.#shown.has(callId))) return
    const isDenied = this.#denied.has(callId)
    this.#addOutput(callId, toOutputChunk(callId, result, isDenied))
    if (isDenied || result.isError) return
    const { name = '', input } = call ?? {}
    const todos = this.#todos.apply(name, input, result.data)
    if (todos) this.addData('todo', 'todo', { todos })
  }

  #addOutput(callId: string, output: Chunk): void {
    const call = this.#calls.get(callId)
    if (call) call.output = output
    if (call && !this.#step.has(call)) this.#calls.delete(callId)
    this.#finished.add(callId)
    this.#step.push(output)
  }

  #isOver(callId: string): boolean {
    return this.#finished.has(callId) || hasOutput(this.#shown.get(callId))
  }

  /** Parts of a step that is over are not sent again. */
  #forget(items: readonly Item[]): void {
    for (const item of items) if (item.kind === 'call' && item.output) this.#calls.delete(item.id)
  }

  /** Forms of MCP servers have no result in the log. */
  #resolveForm(request: UiRequest): void {
    const toolCallId = callIdOf(request)
    if (this.#isOver(toolCallId)) return
    if (!this.#shown.has(toolCallId)) this.#showCall(request)
    const { status } = request
    const action = refused.has(status) ? (status === 'denied' ? 'decline' : 'cancel') : 'accept'
    this.#addOutput(toolCallId, { type: 'tool-output-available', toolCallId, output: { action } })
  }

  #ask(request: UiRequest): void {
    const callId = callIdOf(request)
    const { permissionId, title, description } = request
    const shown = this.#shown.get(callId)
    if (replyModeOf(request) === 'output') {
      if (!shown) this.#step.push(toAvailable(this.#showCall(request)))
      // A rule can ask for permission before the client is asked for the output.
      if (shown?.state === 'approval-responded') {
        const call = { id: callId, name: nameOf(request), input: inputOf(request), isOfClient: true }
        this.#step.push(toAvailable(call))
      }
      return
    }
    if (shown?.approvalId === permissionId) return
    const call = shown ? undefined : this.#showCall(request)
    const reason = title ?? description
    const approval: Chunk = {
      ...{ type: 'tool-approval-request', approvalId: permissionId, toolCallId: callId },
      ...(reason !== null && { reason }),
    }
    call?.approval.push(approval)
    this.#step.push(approval)
  }

  /** The call of a request; those of subagents and of MCP servers are in no message of the main conversation. */
  #showCall(request: UiRequest): CallItem {
    const id = callIdOf(request)
    const known = this.#calls.get(id)
    if (known) return known
    if (!this.#step.isOpen) this.#step.open(`request-${id}`)
    const call = this.#newCall(id, nameOf(request), inputOf(request), null)
    call.isOfClient = replyModeOf(request) === 'output'
    this.#step.push(...renderInput(call))
    return call
  }

  #drop(isDropped: (item: Item) => boolean): void {
    this.#step.drop(item => {
      const isGone = isDropped(item)
      if (isGone && item.kind === 'call') this.#calls.delete(item.id)
      return isGone
    })
  }
}
