import {
  applyEvent,
  applyEvents,
  type Conversation,
  type DeltaEvent,
  type DeltaVoided,
  emptyConversation,
  type MessageView,
  type OpenRequest,
  type SessionEvent,
} from '../../client/index.ts'
import { isClientTool } from '../../contract/client-requests.ts'
import { CallArguments } from './call-arguments.ts'
import {
  callsOf,
  isClaudes,
  isWhole,
  reasoningId,
  reasoningOf,
  resultContent,
  resultId,
  textOf,
  toMessages,
  type WholeCall,
} from './messages.ts'
import { type AgUiEvent, type Message, ownKey, type SubagentOutcome } from './protocol.ts'

interface Owner {
  subagentRunId?: string
}

/** Activities that are steps of a run; tools and subagents have events of their own. */
const steps: ReadonlySet<string> = new Set(['model', 'thinking', 'retry', 'compacting'])

/**
 * Writes a conversation as events of the protocol: after each event of the session, the difference between the
 * conversation and the client's copy of it.
 */
export class EventWriter {
  #conversation: Conversation = emptyConversation
  /** Messages of the client when the run began. */
  #known: readonly Message[]
  /** The texts that the client has, of messages and of reasoning. */
  readonly #texts = new Map<string, string>()
  readonly #open = new Map<string, 'text' | 'reasoning'>()
  readonly #arguments: CallArguments
  readonly #calls = new Map<string, { owner: Owner; isClients: boolean }>()
  readonly #answered = new Set<string>()
  readonly #subagents = new Map<string, 'open' | 'closed'>()
  readonly #written = new WeakSet<MessageView>()
  #steps: ReadonlySet<string> = new Set()
  /** The block at the end of the text that the client has, so that its next piece can be appended. */
  #growing: { id: string; blockIndex: number } | undefined
  #start = 0

  /** @param known the messages that the client has */
  constructor(known: readonly Message[]) {
    this.#known = known.filter(({ role }) => role !== 'activity')
    this.#arguments = new CallArguments(this.#known)
    for (const { id, role, content, toolCalls = [], toolCallId, subagentRunId } of this.#known) {
      const owner = subagentRunId === undefined ? {} : { subagentRunId }
      if (typeof content === 'string') this.#texts.set(id, content)
      for (const call of toolCalls) this.#calls.set(call.id, { owner, isClients: false })
      if (role === 'tool' && toolCallId !== undefined) this.#answered.add(toolCallId)
    }
  }

  /** The turns that have not ended, in the order in which they run. */
  get openTurns(): string[] {
    return this.#conversation.turns.flatMap(({ turnId, endedAt }) => (endedAt === null ? [turnId] : []))
  }

  /** Requests that wait for an answer. */
  get requests(): readonly OpenRequest[] {
    return this.#conversation.requests
  }

  /** The subagent that made a call. */
  ownerOf(callId: string): Owner {
    return this.#calls.get(callId)?.owner ?? {}
  }

  /** The calls of the application's tools that have no result. */
  get pendingCalls(): string[] {
    return [...this.#calls].flatMap(([id, { isClients }]) =>
      isClients && !this.#answered.has(id) ? [id] : [],
    )
  }

  /** The position in the log after which events are to be written. */
  get start(): number {
    return this.#start
  }

  /** Applies past events, for `writeAll`. */
  replay(events: Iterable<SessionEvent>): void {
    this.#conversation = applyEvents(this.#conversation, events)
  }

  /** Applies an event of the session, and returns its changes for the client. */
  write(event: SessionEvent): AgUiEvent[] {
    const before = this.#conversation
    this.#conversation = applyEvent(before, event)
    const { activity, messages } = this.#conversation
    const steps = activity === before.activity ? [] : this.#writeSteps()
    if (event.type === 'delta') return [...steps, ...this.#writePiece(event.data)]
    if (event.type === 'reconnected') this.#arguments.restart()
    if (messages !== before.messages) this.#growing = undefined
    // After a broken connection, the conversation may not have the block, but the client has.
    if (event.type === 'delta.voided') return [...steps, ...this.#withdraw(event.data)]
    return messages === before.messages ? steps : [...steps, ...this.#writeMessages(messages, {})]
  }

  /** Returns the whole conversation, and keeps only messages that can change: those of turns that have not ended. */
  writeAll(): AgUiEvent[] {
    const open = new Set(this.openTurns)
    const all = this.#conversation.messages
    const left = all.filter(({ turnId }) => turnId !== null && open.has(turnId))
    const messages = toMessages(all)
    this.#known = left.length > 0 ? messages : []
    this.#conversation = { ...this.#conversation, messages: left }
    this.#start = this.#conversation.sequence
    for (const { id, content, role, toolCallId } of toMessages(left)) {
      if (typeof content === 'string') this.#texts.set(id, content)
      if (role === 'tool' && toolCallId !== undefined) this.#answered.add(toolCallId)
    }
    this.#adoptCalls(left, {})
    for (const message of left) this.#written.add(message)
    return [{ type: 'MESSAGES_SNAPSHOT', messages }]
  }

  /** Ends open messages, calls, subagents and steps, as the protocol demands at the end of a run. */
  close(outcomeOf: (subagentRunId: string) => SubagentOutcome | string): AgUiEvent[] {
    const events = [...this.#open].flatMap(([id, kind]) => this.#end(id, kind, {}))
    events.push(...this.#arguments.close())
    for (const [subagentRunId, state] of [...this.#subagents].reverse()) {
      if (state === 'open') events.push(...this.#endSubagent(subagentRunId, outcomeOf(subagentRunId)))
    }
    for (const stepName of this.#steps) events.push({ type: 'STEP_FINISHED', stepName })
    this.#steps = new Set()
    return events
  }

  #writeSteps(): AgUiEvent[] {
    const current = new Set<string>(
      this.#conversation.activity.flatMap(({ id, kind }) => (id === 'main' && steps.has(kind) ? [kind] : [])),
    )
    const events: AgUiEvent[] = []
    for (const stepName of this.#steps) {
      if (!current.has(stepName)) events.push({ type: 'STEP_FINISHED', stepName })
    }
    for (const stepName of current) {
      if (!this.#steps.has(stepName)) events.push({ type: 'STEP_STARTED', stepName })
    }
    this.#steps = current
    return events
  }

  /** Writes a piece of a block without comparing the text before it. */
  #writePiece(piece: DeltaEvent): AgUiEvent[] {
    const { messageId, blockIndex, delta } = piece
    if (delta.type === 'input_json') return this.#arguments.add(piece)
    const kind = delta.type === 'text' ? 'text' : 'reasoning'
    const id = kind === 'text' ? messageId : reasoningId(messageId)
    if (this.#growing?.id === id && this.#growing.blockIndex === blockIndex) {
      const text = delta.type === 'text' ? delta.text : delta.thinking
      this.#texts.set(id, `${this.#texts.get(id) ?? ''}${text}`)
      return text === '' ? [] : [toContent(kind, id, text, {})]
    }
    const message = this.#conversation.messages.findLast(other => other.id === messageId)
    if (!message) return []
    const events = this.#writeMessage(message, {})
    const last = message.blocks.findLast(({ type }) => type === delta.type)
    const isLast = last?.type === delta.type && last.partialIndex === blockIndex
    const isWritten = this.#texts.get(id) === (kind === 'text' ? textOf(message) : reasoningOf(message))
    this.#growing = isLast && isWritten && this.#open.has(id) ? { id, blockIndex } : undefined
    return events
  }

  #writeMessages(messages: readonly MessageView[], owner: Owner): AgUiEvent[] {
    const events: AgUiEvent[] = []
    for (const message of messages) {
      if (!this.#written.has(message)) events.push(...this.#writeMessage(message, owner))
    }
    return events
  }

  #writeMessage(message: MessageView, owner: Owner): AgUiEvent[] {
    this.#written.add(message)
    if (message.role === 'system') return [toNotice(message)]
    if (!isClaudes(message)) return []
    return [
      ...this.#writeText('reasoning', reasoningId(message.id), reasoningOf(message), owner),
      ...(isWhole(message, 'thinking') ? this.#end(reasoningId(message.id), 'reasoning', owner) : []),
      ...this.#writeText('text', message.id, textOf(message), owner),
      ...(isWhole(message, 'text') ? this.#end(message.id, 'text', owner) : []),
      ...callsOf(message).flatMap(call => this.#writeCall(message, call, owner)),
    ]
  }

  #writeText(kind: 'text' | 'reasoning', messageId: string, text: string, owner: Owner): AgUiEvent[] {
    const written = this.#texts.get(messageId) ?? ''
    // After a broken connection, the beginning comes again.
    if (text.length <= written.length && written.startsWith(text)) return []
    if (!text.startsWith(written)) return this.#correct(messageId)
    this.#texts.set(messageId, text)
    const delta = text.slice(written.length)
    const events = this.#open.has(messageId) ? [] : start(kind, messageId, owner)
    this.#open.set(messageId, kind)
    return [...events, toContent(kind, messageId, delta, owner)]
  }

  #writeCall(message: MessageView, call: WholeCall, owner: Owner): AgUiEvent[] {
    const toolCallId = call.id
    this.#calls.set(toolCallId, { owner, isClients: isClientTool(call.name) })
    const events = this.#arguments.finish(message.id, call, owner) ?? [
      ...this.#arguments.end(toolCallId, owner),
      ...this.#snapshot([]),
    ]
    if (call.messages.length > 0) events.push(...this.#writeSubagent(message, call, owner))
    if (call.result && this.#subagents.get(toolCallId) === 'open') {
      events.push(...this.#endSubagent(toolCallId, { type: 'success' }))
    }
    if (call.result && !this.#answered.has(toolCallId)) {
      this.#answered.add(toolCallId)
      const content = resultContent(call.result)
      const result = { messageId: resultId(toolCallId), toolCallId, content, role: 'tool' as const }
      const failed = call.result.isError && { metadata: { [ownKey]: { isError: true } } }
      events.push({ type: 'TOOL_CALL_RESULT', ...result, ...failed, ...owner })
    }
    return events
  }

  #writeSubagent(message: MessageView, call: WholeCall, { subagentRunId }: Owner): AgUiEvent[] {
    const events = this.#writeMessages(call.messages, { subagentRunId: call.id })
    if (this.#subagents.has(call.id) || (call.result && events.length === 0)) return events
    this.#subagents.set(call.id, 'open')
    const { subagent_type: name, description } = (call.input ?? {}) as Record<string, unknown>
    const parent = { parentToolCallId: call.id, parentMessageId: message.id }
    return [
      {
        type: 'SUBAGENT_STARTED',
        subagentRunId: call.id,
        name: typeof name === 'string' ? name : call.name,
        ...(typeof description === 'string' && { description }),
        ...(subagentRunId !== undefined && { parentSubagentRunId: subagentRunId }),
        ...parent,
      },
      ...events,
    ]
  }

  #endSubagent(subagentRunId: string, outcome: SubagentOutcome | string): AgUiEvent[] {
    this.#subagents.set(subagentRunId, 'closed')
    return typeof outcome === 'string'
      ? [{ type: 'SUBAGENT_ERROR', subagentRunId, message: outcome }]
      : [{ type: 'SUBAGENT_FINISHED', subagentRunId, outcome }]
  }

  #end(messageId: string, kind: 'text' | 'reasoning', owner: Owner): AgUiEvent[] {
    if (!this.#open.delete(messageId)) return []
    if (kind === 'text') return [{ type: 'TEXT_MESSAGE_END', messageId, ...owner }]
    return [
      { type: 'REASONING_MESSAGE_END', messageId, ...owner },
      { type: 'REASONING_END', messageId, ...owner },
    ]
  }

  #withdraw({ messageId, blockIndex }: DeltaVoided): AgUiEvent[] {
    const ended = this.#arguments.withdraw(messageId, blockIndex)
    const corrected = this.#correct(messageId)
    if (ended.length === 0 || corrected.length > 0) return [...ended, ...corrected]
    return [...ended, ...this.#snapshot([messageId])]
  }

  /** Corrects a text that was written and has been withdrawn, which takes a snapshot. */
  #correct(messageId: string): AgUiEvent[] {
    const ids = [messageId, reasoningId(messageId)].filter(id => this.#texts.has(id))
    const texts = new Map(this.#own().map(({ id, content }) => [id, String(content ?? '')]))
    const isWrong = (id: string) => !(texts.get(id) ?? '').startsWith(this.#texts.get(id) ?? '')
    if (!ids.some(isWrong)) return []
    const ended = ids.flatMap(id => {
      const kind = this.#open.get(id)
      return kind ? this.#end(id, kind, {}) : []
    })
    for (const id of ids) this.#texts.set(id, texts.get(id) ?? '')
    return [...ended, ...this.#snapshot([messageId, ...ids])]
  }

  /** The messages of the run. */
  #own(): Message[] {
    return toMessages(this.#conversation.messages).filter(({ role }) => role !== 'user')
  }

  /** @param gone messages of the client that may be withdrawn */
  #snapshot(gone: readonly string[]): AgUiEvent[] {
    const own = this.#own()
    const replaced = new Set([...gone, ...own.map(({ id }) => id)])
    const others = this.#known.filter(({ id }) => !replaced.has(id))
    const closed = this.#arguments.forgetOpen()
    return [...closed, { type: 'MESSAGES_SNAPSHOT', messages: [...others, ...own] }]
  }

  #adoptCalls(messages: readonly MessageView[], owner: Owner): void {
    for (const message of messages) {
      for (const call of callsOf(message)) {
        this.#arguments.adopt(call)
        this.#calls.set(call.id, { owner, isClients: isClientTool(call.name) })
        this.#adoptCalls(call.messages, { subagentRunId: call.id })
      }
    }
  }
}

function start(kind: 'text' | 'reasoning', messageId: string, owner: Owner): AgUiEvent[] {
  if (kind === 'text') return [{ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant', ...owner }]
  return [
    { type: 'REASONING_START', messageId, ...owner },
    { type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning', ...owner },
  ]
}

function toContent(kind: 'text' | 'reasoning', messageId: string, delta: string, owner: Owner): AgUiEvent {
  const type = kind === 'text' ? 'TEXT_MESSAGE_CONTENT' : 'REASONING_MESSAGE_CONTENT'
  return { type, messageId, delta, ...owner }
}

/** A text of Claude Code or the server, such as the note of a compaction. */
function toNotice(message: MessageView): AgUiEvent {
  return {
    type: 'CUSTOM',
    name: `${ownKey}:notice`,
    value: { kind: message.notice, text: textOf(message) },
  }
}
