import { endOfChunk } from './chunks.ts'
import type { Call } from './common-request.ts'
import type { Piece } from './pieces.ts'

/** A content block of a message of Claude, or what is shown in its place. */
interface Block {
  messageId: string
  blockIndex: number | undefined
  kind: 'text' | 'reasoning' | 'tool' | 'call'
  call?: Call
  text: string
  /** The text is complete. */
  isClosed: boolean
  /** The log has it. */
  isStored: boolean
  item: Item | undefined
  /** Where the text continues that has not been brought into pieces, and their number. */
  start: number
  position: number
  /** Whether its pieces are those that the client has. */
  isSame: boolean
}

/** An item of the output. */
interface Item {
  index: number
  kind: 'text' | 'reasoning'
  /** The pieces that the client has. */
  sent: string[]
}

/**
 * Brings blocks into the order that the log has, and their text into pieces. Deltas run ahead of the log, and a block
 * can be taken back.
 */
export class BlockQueue {
  readonly #queue: Block[] = []
  /** Blocks that are known from deltas and that the log does not have yet. */
  readonly #unstored = new Set<Block>()
  /** The item of a block that was taken back: the next block of its kind continues it. */
  #abandoned: Item | undefined
  #items = 0
  #isOver = false
  readonly #shows: (kind: 'text' | 'reasoning') => boolean

  constructor(shows: (kind: 'text' | 'reasoning') => boolean) {
    this.#shows = shows
  }

  /** The number of items that have begun. */
  get itemCount(): number {
    return this.#items
  }

  /** A piece of a block that is being generated. */
  *grow(messageId: string, blockIndex: number, kind: Block['kind'], text: string): Generator<Piece, void> {
    let block = [...this.#unstored].find(
      other => other.messageId === messageId && other.blockIndex === blockIndex && other.kind === kind,
    )
    if (!block) {
      // Blocks come one after the other.
      for (const other of this.#unstored) if (other.messageId === messageId) other.isClosed = true
      block = newBlock({ messageId, blockIndex, kind })
      this.#unstored.add(block)
      this.#queue.push(block)
    }
    if (block.isClosed) return
    block.text += text
    yield* this.#pump()
  }

  /** Takes a block back: the model's API broke off. */
  withdraw(messageId: string, blockIndex: number): void {
    for (const block of this.#unstored) {
      if (block.messageId !== messageId || block.blockIndex !== blockIndex) continue
      this.#unstored.delete(block)
      const at = this.#queue.indexOf(block)
      if (at !== -1) this.#queue.splice(at, 1)
      if (block.item) this.#abandoned = block.item
    }
  }

  /** The text of blocks without a message is sent again from its start. */
  restart(): void {
    for (const block of this.#unstored) {
      if (!block.isClosed) Object.assign(block, { text: '', start: 0, position: 0, isSame: true })
    }
  }

  /** A block that the log has. */
  *store(messageId: string, kind: 'text' | 'reasoning' | 'tool', text: string): Generator<Piece, void> {
    let block = [...this.#unstored].find(other => other.messageId === messageId && other.kind === kind)
    if (block) this.#unstored.delete(block)
    else {
      block = newBlock({ messageId, kind })
      this.#queue.push(block)
    }
    Object.assign(block, { text, isClosed: true, isStored: true })
    yield* this.#pump()
  }

  *addCall(call: Call): Generator<Piece, void> {
    this.#queue.push({ ...newBlock({ messageId: '', kind: 'call' }), call, isClosed: true, isStored: true })
    yield* this.#pump()
  }

  /** Ends what has begun: nothing follows. */
  *close(): Generator<Piece, void> {
    for (const block of this.#queue) {
      if (block.kind === 'tool' && !block.isStored) block.text = ''
      block.isClosed = true
    }
    this.#isOver = true
    yield* this.#pump()
    const item = this.#abandoned
    if (item) yield this.#end(item, item.sent.join(''), item.sent.length, false)
    this.#abandoned = undefined
  }

  *#pump(): Generator<Piece, void> {
    for (let block = this.#queue[0]; block; block = this.#queue[0]) {
      if (block.kind === 'call') {
        if (block.call) yield { type: 'call', index: this.#items++, call: block.call }
      } else if (block.kind === 'tool') {
        if (this.#shows('reasoning') && !block.isStored && !this.#isOver) return
        if (this.#shows('reasoning')) yield* this.#write(block, 'reasoning')
      } else if (this.#shows(block.kind)) {
        yield* this.#write(block, block.kind)
        if (!block.isClosed) return
      }
      this.#queue.shift()
    }
  }

  /** The pieces of a block that the client does not have. */
  *#write(block: Block, kind: 'text' | 'reasoning'): Generator<Piece, void> {
    for (;;) {
      const end = endOfChunk(block.text, block.start, block.isClosed)
      if (end === undefined) break
      if (!block.item) {
        block.item = this.#takeAbandoned(kind) ?? { index: this.#items++, kind, sent: [] }
        if (block.item.sent.length === 0) yield { type: 'begin', kind, index: block.item.index }
      }
      const { sent, index } = block.item
      const { start, position } = block
      const text = block.text.slice(start, end)
      if (position < sent.length) {
        block.isSame &&= sent[position] === text
      } else if (block.isSame) {
        sent.push(text)
        yield { type: 'delta', kind, index, position, text }
      } else {
        // Other text was taken back: the whole of this one is sent once there is a number for it.
        sent.splice(0, sent.length, ...chunksUntil(block.text, end))
        block.isSame = true
        yield { type: 'delta', kind, index, position, text: `\n\n${block.text.slice(0, end)}` }
      }
      block.start = end
      block.position++
    }
    if (!block.isClosed || !block.item) return
    yield this.#end(block.item, block.text, block.position, !this.#isOver || block.isStored)
  }

  #end({ index, kind }: Item, text: string, positions: number, isWhole: boolean): Piece {
    return { type: 'end', kind, index, positions, text, isWhole }
  }

  #takeAbandoned(kind: 'text' | 'reasoning'): Item | undefined {
    const item = this.#abandoned
    if (item?.kind !== kind) return undefined
    this.#abandoned = undefined
    return item
  }
}

function newBlock(fields: Pick<Block, 'messageId' | 'kind'> & { blockIndex?: number }): Block {
  const progress = { text: '', isClosed: false, isStored: false, item: undefined }
  return { blockIndex: undefined, ...progress, start: 0, position: 0, isSame: true, ...fields }
}

function chunksUntil(text: string, end: number): string[] {
  const chunks: string[] = []
  for (let start = 0; start < end; ) {
    const next = endOfChunk(text.slice(0, end), start, true) ?? end
    chunks.push(text.slice(start, next))
    start = next
  }
  return chunks
}
