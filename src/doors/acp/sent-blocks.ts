import type { DeltaEvent } from '../../client/index.ts'

interface PartialBlock {
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
  add(messageId: string, index: number, delta: DeltaEvent['delta']): string {
    if (delta.type === 'input_json') return ''
    const text = delta.type === 'text' ? delta.text : delta.thinking
    const blocks = this.#partial.get(messageId) ?? []
    this.#partial.set(messageId, blocks)
    let block = blocks.find(other => other.index === index)
    if (!block) {
      block = { index, type: delta.type, sent: 0, received: 0 }
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
    const left = (this.#partial.get(messageId) ?? []).filter(block => block.index !== index)
    if (left.length > 0) this.#partial.set(messageId, left)
    else this.#partial.delete(messageId)
  }

  /** Deltas of unfinished blocks come again from their start. */
  again(): void {
    for (const blocks of this.#partial.values()) for (const block of blocks) block.received = 0
  }

  /** Forgets all blocks: the turn is over. */
  clear(): void {
    this.#partial.clear()
  }
}
