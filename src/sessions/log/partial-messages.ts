import {
  type Delta,
  type DeltaEvent,
  type DeltaVoided,
  type EventType,
  isTerminalEventType,
} from '../../contract/events.ts'
import type { AgentMessage, MessageBlock, MessageReader } from '../ports/index.ts'
import type { NewEvent } from '../records.ts'

/** How much unfinished text is kept for readers to come, in characters a session. */
export const keptBound = 1024 * 1024

/** A content block that is still being generated. */
export interface PartialBlock {
  readonly turnId: string
  readonly messageId: string
  readonly blockIndex: number
  readonly type: Delta['type']
  /** Its first piece. */
  readonly first: Delta
  /** The session's count of characters before its first piece. */
  readonly start: number
  /** Where the session's count of characters stood when a run of pieces of this block began. */
  readonly runs: { position: number; offset: number }[]
  /** All of it so far; undefined when it was too much to be kept. */
  text: string | undefined
  /** The session's count of characters after its last piece. */
  end: number
  /** The last catch-up made of it: readers that come at the same time share one. */
  shared: { offset: number; length: number; delta: DeltaEvent } | undefined
}

/** How many voided blocks are remembered in a turn: more than Claude Code's retries can make. */
const voidedBound = 1_000

/** A block whose pieces count no longer, for readers that were given some of them. */
interface VoidedBlock {
  readonly event: DeltaVoided
  /** The session's count of characters before its first piece, and when it was voided. */
  readonly start: number
  readonly at: number
}

interface SessionPartials {
  blocks: Map<string, PartialBlock>
  voided: VoidedBlock[]
  /** Counts the characters of all deltas of the session; only ever grows, so that readers can remember it. */
  position: number
  size: number
  current: PartialBlock | undefined
}

/** The state that a reader needs to follow the next deltas. */
export interface CatchUp {
  /** Blocks of which the reader has had pieces that count no longer. */
  voided: DeltaVoided[]
  deltas: DeltaEvent[]
  /** Blocks whose beginning is not kept: of these the reader gets no further deltas, but the message. */
  incomplete: PartialBlock[]
  position: number
}

/**
 * The text of messages that are still being generated. Deltas are not stored; a reader that joins in the middle of a
 * message gets the missed text from here.
 *
 * A block is kept until it is submitted to the store as (part of) a message, or its turn ends. A block that would
 * exceed the limit of a session's text is dropped.
 */
export class PartialMessages {
  readonly #sessions = new Map<string, SessionPartials>()
  /** Events already seen: a write that failed is handed in again. */
  readonly #seen = new WeakSet<object>()
  readonly #messages: MessageReader
  /** The highest count of a forgotten session: new counts start here. */
  #highest = 0

  constructor(messages: MessageReader) {
    this.#messages = messages
  }

  /** @returns the block and the session's count after this piece */
  add(sessionId: string, event: DeltaEvent): { block: PartialBlock; position: number } {
    const partials = this.#sessions.get(sessionId) ?? this.#open(sessionId)
    const piece = pieceOf(event.delta)
    const key = `${event.messageId} ${event.blockIndex} ${event.delta.type}`
    let block = partials.blocks.get(key)
    if (!block) {
      block = newBlock(event, partials.position)
      // One turn runs at a time: what is left of another will not be finished.
      for (const [other, { turnId }] of partials.blocks) {
        if (turnId !== event.turnId) remove(partials, other)
      }
      partials.blocks.set(key, block)
    }
    if (partials.current !== block && block.text !== undefined) {
      block.runs.push({ position: partials.position, offset: block.text.length })
    }
    partials.current = block
    partials.position += piece.length
    block.end = partials.position
    if (block.text === undefined) return { block, position: partials.position }
    block.text += piece
    partials.size += piece.length
    if (partials.size > keptBound) giveUp(partials, block)
    return { block, position: partials.position }
  }

  /** @returns the session's count after this; undefined when nothing is known of the block */
  void(sessionId: string, event: DeltaVoided): number | undefined {
    const partials = this.#sessions.get(sessionId)
    const found = [...(partials?.blocks ?? [])].filter(
      ([, { messageId, blockIndex }]) => messageId === event.messageId && blockIndex === event.blockIndex,
    )
    if (!partials || found.length === 0) return undefined
    for (const [key] of found) remove(partials, key)
    // It counts like a character, so that readers can tell whether it came after what they have had.
    partials.position++
    partials.current = undefined
    const start = Math.min(...found.map(([, block]) => block.start))
    partials.voided = [...partials.voided, { event, start, at: partials.position }].slice(-voidedBound)
    return partials.position
  }

  /**
   * To be called with events that are about to be stored: what they finish is not kept any longer. Before and not
   * after: else a reader could read the message in the store and then get its deltas.
   */
  finish(sessionId: string, events: readonly NewEvent[]): void {
    const partials = this.#sessions.get(sessionId)
    if (!partials) return
    for (const { type, turnId, payload } of events) {
      if (this.#seen.has(payload)) continue
      this.#seen.add(payload)
      if (type === 'message') finishBlocks(partials, this.#messages.read(payload.message))
      if (!isTerminalEventType(type) && !endsSession(type)) continue
      for (const [key, block] of partials.blocks) {
        if (block.turnId === turnId || endsSession(type)) remove(partials, key)
      }
      partials.voided = []
    }
    const over = events.some(({ type }) => isTerminalEventType(type) || endsSession(type))
    if (over && partials.blocks.size === 0) this.drop(sessionId)
  }

  /** Nothing that is unfinished will be finished here. */
  drop(sessionId: string): void {
    this.#highest = Math.max(this.#highest, this.#sessions.get(sessionId)?.position ?? 0)
    this.#sessions.delete(sessionId)
  }

  /** Returns the text after the count up to which a reader has got everything; 0: none. */
  catchUp(sessionId: string, position: number): CatchUp {
    const partials = this.#sessions.get(sessionId)
    if (!partials) return { voided: [], deltas: [], incomplete: [], position }
    const missed = [...partials.blocks.values()].filter(({ end }) => end > position)
    const voided = partials.voided.filter(({ start, at }) => at > position && start < position)
    return {
      voided: voided.map(({ event }) => event),
      deltas: missed.flatMap(block => restOf(block, position) ?? []),
      incomplete: missed.filter(({ text }) => text === undefined),
      position: partials.position,
    }
  }

  #open(sessionId: string): SessionPartials {
    const partials = { blocks: new Map(), voided: [], position: this.#highest, size: 0, current: undefined }
    this.#sessions.set(sessionId, partials)
    return partials
  }
}

function endsSession(type: EventType): boolean {
  return type === 'session.ended' || type === 'session.expired'
}

function newBlock({ turnId, messageId, blockIndex, delta }: DeltaEvent, end: number): PartialBlock {
  const { type } = delta
  return {
    turnId,
    messageId,
    blockIndex,
    type,
    first: delta,
    start: end,
    runs: [],
    text: '',
    end,
    shared: undefined,
  }
}

/** Text with a hole would be worse than none: of a block that is too long nothing is kept. */
function giveUp(partials: SessionPartials, block: PartialBlock): void {
  partials.size -= block.text?.length ?? 0
  block.text = undefined
  block.shared = undefined
  block.runs.length = 0
}

function remove(partials: SessionPartials, key: string): void {
  const block = partials.blocks.get(key)
  if (!block) return
  partials.size -= block.text?.length ?? 0
  partials.blocks.delete(key)
  if (partials.current === block) partials.current = undefined
}

const deltaTypes: Partial<Record<MessageBlock['type'], Delta['type']>> = {
  text: 'text',
  thinking: 'thinking',
  toolCall: 'input_json',
}

/**
 * Claude Code makes a message of its own of every block, all with the id of the one that the model sent and
 * without the block's index. They come in the blocks' order, so it is the first of its kind that is finished.
 */
function finishBlocks(partials: SessionPartials, { modelMessageId, blocks }: AgentMessage): void {
  if (modelMessageId === undefined) return
  for (const item of blocks) {
    const type = deltaTypes[item.type]
    const [first] = [...partials.blocks]
      .filter(([, block]) => block.messageId === modelMessageId && block.type === type)
      .sort(([, one], [, other]) => one.blockIndex - other.blockIndex)
    if (first) remove(partials, first[0])
  }
}

/** Returns the text after a count of the session's characters. */
function restOf(block: PartialBlock, position: number): DeltaEvent | undefined {
  const { text, runs } = block
  if (text === undefined) return undefined
  let offset = text.length
  for (let index = runs.length - 1, end = text.length; index >= 0; index--) {
    const run = runs[index]
    if (!run) break
    const had = Math.min(Math.max(position - run.position, 0), end - run.offset)
    offset = run.offset + had
    if (had > 0) break
    end = run.offset
  }
  const length = text.length - offset
  if (length === 0) return undefined
  if (block.shared?.offset !== offset || block.shared.length !== length) {
    const { turnId, messageId, blockIndex, first } = block
    const delta = withPiece(first, text.slice(offset))
    block.shared = { offset, length, delta: { turnId, messageId, blockIndex, delta } }
  }
  return block.shared.delta
}

function pieceOf(delta: Delta): string {
  switch (delta.type) {
    case 'text':
      return delta.text
    case 'thinking':
      return delta.thinking
    case 'input_json':
      return delta.partialJson
  }
}

function withPiece(delta: Delta, piece: string): Delta {
  switch (delta.type) {
    case 'text':
      return { ...delta, text: piece }
    case 'thinking':
      return { ...delta, thinking: piece }
    case 'input_json':
      return { ...delta, partialJson: piece }
  }
}
