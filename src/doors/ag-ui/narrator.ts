import {
  applyEvent,
  applyEvents,
  type Conversation,
  type DeltaVoided,
  emptyConversation,
  type MessageView,
  type OpenRequest,
  type SessionEvent,
} from '../../client/index.ts'
import { CallArguments } from './call-arguments.ts'
import {
  callsOf,
  isClaudes,
  isClientTool,
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
 * Tells a conversation as events of the protocol: after each event of the session, the difference between the
 * conversation as it is and as the client has it.
 */
export class Narrator {
  #conversation: Conversation = emptyConversation
  /** Messages of the client when the run began. */
  readonly #known: readonly Message[]
  /** The texts that the client has, of messages and of reasoning. */
  readonly #texts = new Map<string, string>()
  readonly #open = new Map<string, 'text' | 'reasoning'>()
  readonly #arguments: CallArguments
  readonly #calls = new Map<string, { owner: Owner; isClients: boolean }>()
  readonly #answered = new Set<string>()
  readonly #subagents = new Map<string, 'open' | 'closed'>()
  readonly #told = new WeakSet<MessageView>()
  #steps: ReadonlySet<string> = new Set()

  /** @param known the messages that the client has already */
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

  /** The subagent that has made a call. */
  ownerOf(callId: string): Owner {
    return this.#calls.get(callId)?.owner ?? {}
  }

  /** The calls of the application's tools that have no result. */
  get pendingCalls(): string[] {
    return [...this.#calls].flatMap(([id, { isClients }]) =>
      isClients && !this.#answered.has(id) ? [id] : [],
    )
  }

  /** Takes events of the past, for `tellAll`. */
  replay(events: Iterable<SessionEvent>): void {
    this.#conversation = applyEvents(this.#conversation, events)
  }

  /** Returns the events that tell the client what a session's event has changed. */
  tell(event: SessionEvent): AgUiEvent[] {
    this.#conversation = applyEvent(this.#conversation, event)
    const { messages } = this.#conversation
    if (event.type === 'delta.voided') return this.#withdraw(event.data)
    if (event.type === 'reconnected') this.#arguments.restart()
    const pieces = event.type === 'delta' ? this.#arguments.add(event.data) : []
    return [...this.#tellSteps(), ...this.#tellMessages(messages, {}), ...pieces]
  }

  /** The whole conversation; what follows is told as changes of it. */
  tellAll(): AgUiEvent[] {
    const messages = toMessages(this.#conversation.messages)
    for (const { id, content, role, toolCallId } of messages) {
      if (typeof content === 'string') this.#texts.set(id, content)
      if (role === 'tool' && toolCallId !== undefined) this.#answered.add(toolCallId)
    }
    const open = new Set(this.openTurns)
    for (const message of this.#conversation.messages) {
      this.#adoptCalls([message], {}, message.turnId !== null && open.has(message.turnId))
    }
    for (const message of this.#conversation.messages) this.#told.add(message)
    return [{ type: 'MESSAGES_SNAPSHOT', messages }]
  }

  /** Closes what is open, as the end of a run wants it. */
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

  #tellSteps(): AgUiEvent[] {
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

  #tellMessages(messages: readonly MessageView[], owner: Owner): AgUiEvent[] {
    return messages.flatMap(message => {
      if (this.#told.has(message)) return []
      this.#told.add(message)
      if (message.role === 'system') return [toNotice(message)]
      if (!isClaudes(message)) return []
      return [
        ...this.#tellText('reasoning', reasoningId(message.id), reasoningOf(message), owner),
        ...(isWhole(message, 'thinking') ? this.#end(reasoningId(message.id), 'reasoning', owner) : []),
        ...this.#tellText('text', message.id, textOf(message), owner),
        ...(isWhole(message, 'text') ? this.#end(message.id, 'text', owner) : []),
        ...callsOf(message).flatMap(call => this.#tellCall(message, call, owner)),
      ]
    })
  }

  #tellText(kind: 'text' | 'reasoning', messageId: string, text: string, owner: Owner): AgUiEvent[] {
    const told = this.#texts.get(messageId) ?? ''
    // After a broken connection, the beginning comes again.
    if (text.length <= told.length && told.startsWith(text)) return []
    if (!text.startsWith(told)) return this.#correct(messageId)
    this.#texts.set(messageId, text)
    const delta = text.slice(told.length)
    const events = this.#open.has(messageId) ? [] : start(kind, messageId, owner)
    this.#open.set(messageId, kind)
    return [
      ...events,
      kind === 'text'
        ? { type: 'TEXT_MESSAGE_CONTENT', messageId, delta, ...owner }
        : { type: 'REASONING_MESSAGE_CONTENT', messageId, delta, ...owner },
    ]
  }

  #tellCall(message: MessageView, call: WholeCall, owner: Owner): AgUiEvent[] {
    const toolCallId = call.id
    this.#calls.set(toolCallId, { owner, isClients: isClientTool(call.name) })
    const events = this.#arguments.finish(message.id, call, owner) ?? [
      ...this.#arguments.end(toolCallId, owner),
      ...this.#snapshot([]),
    ]
    if (call.messages.length > 0) events.push(...this.#tellSubagent(message, call, owner))
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

  #tellSubagent(message: MessageView, call: WholeCall, { subagentRunId }: Owner): AgUiEvent[] {
    const events = this.#tellMessages(call.messages, { subagentRunId: call.id })
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

  /** A text that was told has been withdrawn: only a snapshot takes it back. */
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

  /** @param gone messages that the client has, and that may be no more */
  #snapshot(gone: readonly string[]): AgUiEvent[] {
    const own = this.#own()
    const replaced = new Set([...gone, ...own.map(({ id }) => id)])
    const others = this.#known.filter(({ id }) => !replaced.has(id))
    const closed = this.#arguments.forgetOpen()
    return [...closed, { type: 'MESSAGES_SNAPSHOT', messages: [...others, ...own] }]
  }

  #adoptCalls(messages: readonly MessageView[], owner: Owner, isOpen: boolean): void {
    for (const message of messages) {
      for (const call of callsOf(message)) {
        this.#arguments.adopt(call)
        this.#calls.set(call.id, { owner, isClients: isOpen && isClientTool(call.name) })
        this.#adoptCalls(call.messages, { subagentRunId: call.id }, isOpen)
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

/** A text of Claude Code or the server, such as the note of a compaction. */
function toNotice(message: MessageView): AgUiEvent {
  return {
    type: 'CUSTOM',
    name: `${ownKey}:notice`,
    value: { kind: message.notice, text: textOf(message) },
  }
}
