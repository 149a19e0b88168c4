import {
  applyEvents,
  type Conversation,
  emptyConversation,
  isTerminal,
  type Session,
  type SessionClient,
  type SessionEvent,
} from '../../../src/client/index.ts'
import { whilePresent } from '../lib/presence.ts'

/** How many events are read at first, and each time more of the past is wanted. */
const firstEvents = 400
const moreEvents = 500

export interface ShownConversation {
  conversation: Conversation
  /** `over`: the session has ended or expired, and nothing more comes. */
  phase: 'loading' | 'live' | 'reconnecting' | 'over' | 'failed'
  /** The cause of `failed`. */
  error: unknown
  /** Whether there are older events than those that are shown. */
  hasOlder: boolean
  isLoadingOlder: boolean
  /** Whether this change has put older messages before those that were shown. */
  isPrepend: boolean
}

const nothing: ShownConversation = {
  conversation: emptyConversation,
  phase: 'loading',
  error: null,
  hasOlder: false,
  isLoadingOlder: false,
  isPrepend: false,
}

/** Is told of each event, a reason to ask the server again. */
export type NewsListener = (event: SessionEvent) => void

/**
 * Follows a session from near its end, and reads more of the past on demand. Events are applied once a frame, so that a
 * fast stream costs no more than the screen can show.
 */
export class ConversationStore {
  readonly #session: SessionClient
  readonly #onNews: NewsListener
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  #shown = nothing
  /** All events that are shown, to build the conversation anew when older ones join them. */
  #events: SessionEvent[] = []
  #pending: SessionEvent[] = []
  /** The sequence before the first event that is shown. */
  #start = 0
  /** The sequence of the last one. */
  #end = 0
  /** Whether it was followed before, and left. */
  #isAgain = false
  #isScheduled = false
  /** Settles with the part of the past that is being read; never rejects. */
  #older: Promise<unknown> = Promise.resolve()

  constructor(session: SessionClient, onNews: NewsListener) {
    this.#session = session
    this.#onNews = onNews
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): ShownConversation => this.#shown

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  /** Reads and follows until the session is over or `close` is called. */
  async run(session: Promise<Session>): Promise<void> {
    const { signal } = this.#closing
    try {
      const { lastSequence } = await session
      this.#start = Math.max(0, lastSequence - firstEvents)
      this.#end = this.#start
      await whilePresent(leaving => this.#follow(leaving), signal)
      if (signal.aborted) return
      this.#flush()
      this.#show({ phase: 'over' })
    } catch (error) {
      if (!signal.aborted) this.#show({ phase: 'failed', error })
    }
  }

  /** Follows from the last event that was read, until the session is over. */
  async #follow(signal: AbortSignal): Promise<void> {
    // Pieces of messages that came before are sent anew.
    if (this.#isAgain) this.#pending.push({ type: 'reconnected', data: {} })
    this.#isAgain = true
    const events = this.#session.follow({
      after: this.#end,
      includeDeltas: true,
      retries: Number.POSITIVE_INFINITY,
      onDisconnect: () => this.#show({ phase: 'reconnecting' }),
      signal,
    })
    for await (const event of events) this.#take(event)
  }

  /** Ends the reading; views of it ask for another one. */
  close(): void {
    this.#closing.abort()
    this.#show({ phase: 'loading', error: null })
  }

  /** Puts a part of the past before what is shown, unless one is being read already. */
  async loadOlder(): Promise<void> {
    if (!this.#shown.isLoadingOlder) await this.#loadFrom(this.#start - moreEvents)
  }

  /** Puts all of the past from an event on before what is shown. */
  async loadBackTo(sequence: number): Promise<void> {
    await this.#older
    if (sequence <= this.#start) await this.#loadFrom(sequence - moreEvents)
  }

  #loadFrom(start: number): Promise<void> {
    const loading = this.#load(Math.max(0, start))
    this.#older = loading.catch(() => {})
    return loading
  }

  async #load(start: number): Promise<void> {
    const end = this.#start
    if (end === 0) return
    this.#show({ isLoadingOlder: true })
    try {
      const older = await this.#read(start, end)
      this.#flush()
      this.#start = start
      this.#events = [...older, ...this.#events]
      this.#show({
        conversation: applyEvents(emptyConversation, this.#events),
        isLoadingOlder: false,
        isPrepend: true,
      })
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#show({ isLoadingOlder: false })
      throw error
    }
  }

  async #read(start: number, end: number): Promise<SessionEvent[]> {
    const older: SessionEvent[] = []
    for await (const event of this.#session.follow({ after: start, signal: this.#closing.signal })) {
      if (event.type === 'caught_up') break
      const sequence = sequenceOf(event) ?? 0
      if (sequence <= end) older.push(event)
      if (sequence >= end) break
    }
    return older
  }

  #take(event: SessionEvent): void {
    const sequence = event.type === 'caught_up' ? event.data.sequence : sequenceOf(event)
    this.#end = Math.max(this.#end, sequence ?? 0)
    if (event.type === 'reconnected') this.#show({ phase: 'live' })
    if (event.type !== 'delta') this.#onNews(event)
    this.#pending.push(event)
    if (event.type === 'caught_up' && this.#shown.phase !== 'live') {
      this.#flush()
      this.#show({ phase: 'live' })
    }
    if (this.#isScheduled || this.#shown.phase === 'loading') return
    this.#isScheduled = true
    // Pages that are not seen get no frames.
    if (document.hidden) setTimeout(() => this.#flush(), 250)
    else requestAnimationFrame(() => this.#flush())
  }

  #flush(): void {
    this.#isScheduled = false
    if (this.#pending.length === 0) return
    const events = this.#pending
    this.#pending = []
    for (const event of events) this.#events.push(event)
    // The pieces of messages that are whole are not needed again.
    if (events.some(({ type }) => isTerminal(type))) this.#events = this.#events.filter(isStored)
    const conversation = applyEvents(this.#shown.conversation, events)
    if (conversation !== this.#shown.conversation) this.#show({ conversation })
  }

  #show(change: Partial<ShownConversation>): void {
    this.#shown = { ...this.#shown, isPrepend: false, ...change, hasOlder: this.#start > 0 }
    for (const tell of this.#listeners) tell()
  }
}

function sequenceOf(event: SessionEvent): number | undefined {
  if (event.type === 'gap') return event.data.to
  return 'sequence' in event.data ? event.data.sequence : undefined
}

function isStored(event: SessionEvent): boolean {
  return event.type === 'gap' || (event.type !== 'caught_up' && 'sequence' in event.data)
}
