import type { DeltaEvent } from '../../client/index.ts'

interface PartialBlock {
  turnId: string
  index: number
  type: 'text' | 'thinking'
  /** Characters that the client has. */
  sent: number
  /** Characters that have come since the connection was opened; after a broken one, deltas come again. */
  received: number
}

/** How much of each unfinished block the client has been sent. */
export class SentBlocks {
  readonly #partial = new Map<string, PartialBlock[]>()

  /** The part of a delta that is new. */
  add({ turnId, messageId, blockIndex: index, delta }: DeltaEvent): string {
    if (delta.type === 'input_json') return ''
    const text = delta.type === 'text' ? delta.text : delta.thinking
    const blocks = this.#partial.get(messageId) ?? []
    this.#partial.set(messageId, blocks)
    let block = blocks.find(other => other.index === index)
    if (!block) {
      block = { turnId, index, type: delta.type, sent: 0, received: 0 }
      blocks.push(block)
    }
    const start = block.received
    block.received += text.length
    const fresh = text.slice(Math.max(0, block.sent - start))
    block.sent = Math.max(block.sent, block.received)
    return fresh
  }

  /** The part of a finished block that no delta has brought. Blocks of one type are finished in their order. */
  complete(messageId: string, { type, text }: { type: 'text' | 'thinking'; text: string }): string {
    const blocks = this.#partial.get(messageId) ?? []
    const at = blocks.findIndex(block => block.type === type)
    if (at === -1) return text
    const [block] = blocks.splice(at, 1)
    if (blocks.length === 0) this.#partial.delete(messageId)
    return text.slice(block?.sent ?? 0)
  }

  /** Forgets a block that will not be finished. */
  drop(messageId: string, index: number): void {
    this.#keep(messageId, block => block.index !== index)
  }

  /** Deltas of unfinished blocks come again from their start. */
  again(): void {
    for (const blocks of this.#partial.values()) for (const block of blocks) block.received = 0
  }

  /** Forgets the blocks of a turn that is over. */
  clear(turnId: string): void {
    for (const messageId of [...this.#partial.keys()]) this.#keep(messageId, block => block.turnId !== turnId)
  }

  #keep(messageId: string, isKept: (block: PartialBlock) => boolean): void {
    const left = (this.#partial.get(messageId) ?? []).filter(isKept)
    if (left.length > 0) this.#partial.set(messageId, left)
    else this.#partial.delete(messageId)
  }
}
