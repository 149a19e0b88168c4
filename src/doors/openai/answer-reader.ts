import {
  type BlockView,
  isTerminal,
  type OpenRequest,
  readMessage,
  type SessionClient,
  type SessionEvent,
  type StoredEvent,
  type Turn,
} from '../../client/index.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import { shorten } from '../../lib/shorten.ts'
import { BlockQueue } from './block-queue.ts'
import { CallRequests, isHidden } from './call-requests.ts'
import { endingOf, sessionEnded, type TurnEnding, toEnding } from './endings.ts'
import { encodeCall, type ResponseCursor } from './ids.ts'
import type { Ending, Piece } from './pieces.ts'

export interface ReaderOptions {
  /** The turn as it was found: the reading ends at the end of the log, without waiting for more. */
  snapshotOf?: Turn | undefined
  includeDeltas: boolean
  /** The answer is data: only that is shown. */
  isData: boolean
  /** Where to begin in the log: before the turn, or where `requests` has read to. */
  from: number
  /** The calls before `from`. */
  requests?: CallRequests | undefined
  signal: AbortSignal
}

/** After a call, others of the same message follow at once; those that Claude has said already, on a busy machine later. */
const quietMs = 200
const lateMs = 2_000
/** Results of Claude's own tools are shown this far. */
const longestResult = 500

/** Reads the part of a turn that a response shows. A snapshot of a turn that runs has no end. */
export async function* readAnswer(
  session: SessionClient,
  cursor: ResponseCursor,
  options: ReaderOptions,
): AsyncGenerator<Piece, void> {
  const { includeDeltas, from, signal, snapshotOf, isData } = options
  const { turnId } = cursor
  const answer = new Answer(cursor, isData, options.requests ?? new CallRequests())
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const events = session.follow({ turnId, after: from, includeDeltas, signal: stop, retries: 8 })
  let caughtUp: Turn | undefined
  try {
    for (;;) {
      const next = events.next()
      if (answer.hasCalls && !(await settlesWithin(next, answer.expectsCalls ? lateMs : quietMs))) break
      const received = await next
      if (received.done) break
      const event = received.value
      if (snapshotOf && event.type === 'caught_up' && !answer.hasCalls) {
        caughtUp = snapshotOf
        break
      }
      yield* answer.read(event)
      if (answer.isOver) return
    }
    if (answer.hasCalls) return yield* answer.finish({ status: 'calls' })
    // A turn that was cancelled in the queue has no event, and retention may have removed those of others.
    const end = endingOf(caughtUp ?? (await session.getTurn(turnId, { signal })), isData)
    if (end) yield* answer.end(end)
    else if (!caughtUp) yield* answer.finish(sessionEnded())
  } finally {
    over.abort()
    void events.return().catch(() => {})
  }
}

class Answer {
  hasCalls = false
  isOver = false
  readonly #cursor: ResponseCursor
  readonly #isData: boolean
  readonly #queue: BlockQueue
  readonly #requests: CallRequests
  /** The permission ids of the calls that are shown. */
  readonly #calls = new Set<string>()
  #hasText = false

  constructor(cursor: ResponseCursor, isData: boolean, requests: CallRequests) {
    this.#cursor = cursor
    this.#requests = requests
    this.#isData = isData
    this.#queue = new BlockQueue(kind => (kind === 'text' ? !isData : cursor.showsReasoning))
  }

  /** Whether Claude has said calls that have not come. */
  get expectsCalls(): boolean {
    return this.#requests.isIncomplete
  }

  *read(event: SessionEvent): Generator<Piece, void> {
    const { sequence } = event.data as { sequence?: number }
    const requests = this.#requests.see(event)
    if (sequence !== undefined && event.type !== 'caught_up' && sequence <= this.#cursor.after) return
    switch (event.type) {
      case 'delta': {
        const { messageId, blockIndex, delta } = event.data
        if (delta.type === 'text')
          yield* this.#note(this.#queue.grow(messageId, blockIndex, 'text', delta.text))
        else if (delta.type === 'thinking')
          yield* this.#queue.grow(messageId, blockIndex, 'reasoning', delta.thinking)
        else yield* this.#queue.grow(messageId, blockIndex, 'tool', '')
        break
      }
      case 'delta.voided':
        this.#queue.withdraw(event.data.messageId, event.data.blockIndex)
        break
      case 'reconnected':
        this.#queue.restart()
        break
      case 'message':
        yield* this.#note(this.#store(event))
        break
      case 'permission.resolved':
        // The next response shows what follows.
        if (this.#calls.has(event.data.permissionId)) yield* this.finish({ status: 'calls' })
        return
    }
    for (const request of requests) yield* this.#call(request)
    if (isTerminal(event.type)) yield* this.end(toEnding(event as StoredEvent, this.#isData))
  }

  *finish(ending: Ending): Generator<Piece, void> {
    yield* this.#queue.close()
    this.isOver = true
    yield { type: 'over', ending }
  }

  *end({ ending, text }: TurnEnding): Generator<Piece, void> {
    yield* this.#queue.close()
    // The answer as data, or a text that no message of Claude has had, such as that of a hook.
    if (text !== undefined && !this.#hasText) {
      const shown = new BlockQueue(() => true)
      for (const piece of shown.store('', 'text', text)) {
        yield { ...piece, index: this.#queue.itemCount } as Piece
      }
    }
    this.isOver = true
    yield { type: 'over', ending }
  }

  *#call({ permissionId, toolName, input }: OpenRequest): Generator<Piece, void> {
    this.hasCalls = true
    this.#calls.add(permissionId)
    const id = encodeCall({ sessionId: this.#cursor.sessionId, permissionId })
    yield* this.#queue.addCall({ id, name: toolName, arguments: JSON.stringify(input) })
  }

  *#store({ data }: Extract<StoredEvent, { type: 'message' }>): Generator<Piece, void> {
    const shown = readMessage(data)
    if (!shown || shown.parentCallId !== null) return
    if (shown.role === 'assistant' && shown.notice === null) {
      for (const block of shown.blocks) yield* this.#storeBlock(shown.id, block)
    }
    for (const { callId, fields } of shown.changes) {
      if (!fields.result || this.#requests.hides(callId)) continue
      const text = fields.result.blocks.map(block => (block.type === 'text' ? block.text : '')).join('\n')
      const mark = fields.result.isError ? 'Error: ' : ''
      yield* this.#queue.store(callId, 'tool', `${mark}${shorten(text, longestResult)}`)
    }
  }

  *#storeBlock(messageId: string, block: BlockView): Generator<Piece, void> {
    if (block.type === 'text') yield* this.#queue.store(messageId, 'text', block.text)
    if (block.type === 'thinking') yield* this.#queue.store(messageId, 'reasoning', block.text)
    if (block.type !== 'tool_call') return
    const text = isHidden(block.name) ? '' : `${block.name} ${JSON.stringify(block.input)}`
    yield* this.#queue.store(messageId, 'tool', text)
  }

  *#note(pieces: Generator<Piece, void>): Generator<Piece, void> {
    for (const piece of pieces) {
      if (piece.type === 'begin' && piece.kind === 'text') this.#hasText = true
      yield piece
    }
  }
}
