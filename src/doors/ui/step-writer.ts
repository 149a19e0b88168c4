import type { Chunk } from './chunk.ts'
import { type CallItem, type Item, render, type TextItem } from './step.ts'

/** The open step of a message: its parts in their order, and the chunks that make them. */
export class StepWriter {
  #chunks: Chunk[] = []
  #items: Item[] = []
  #id: string | undefined
  #hasSteps = false
  readonly #onClose: (items: readonly Item[]) => void

  /** @param onClose gets the parts of a step that is over */
  constructor(onClose: (items: readonly Item[]) => void) {
    this.#onClose = onClose
  }

  get isOpen(): boolean {
    return this.#id !== undefined
  }

  /** The id of the open step. */
  get id(): string | undefined {
    return this.#id
  }

  /** Parts of which the log has nothing yet. */
  get unfinished(): (TextItem | CallItem)[] {
    return this.#items.filter(item => item.kind !== 'data' && item.partial !== null) as (
      | TextItem
      | CallItem
    )[]
  }

  /** Whether the log has a part of the step. */
  get isStored(): boolean {
    return this.#items.some(item => item.kind !== 'data' && item.sequence !== null)
  }

  /** Returns the chunks since the last call. */
  take(): Chunk[] {
    return this.#chunks.splice(0)
  }

  push(...chunks: readonly Chunk[]): void {
    this.#chunks.push(...chunks)
  }

  /** Opens the step with this id, unless it is open. A step whose parts were all taken back becomes it. */
  open(id: string): void {
    if (this.#id === id) return
    const isEmpty = this.isOpen && this.#items.length === 0
    if (this.isOpen && !isEmpty) this.close()
    this.#id = id
    if (isEmpty) return
    this.#hasSteps = true
    this.push({ type: 'start-step' })
  }

  close(): void {
    if (this.isOpen) this.push({ type: 'finish-step' })
    this.#onClose(this.#items)
    this.#id = undefined
    this.#items = []
  }

  /** Clients go back to a message whose last step is fully answered: a message that is over has another one. */
  end(): void {
    if (!this.#hasSteps) this.open('end')
    this.close()
  }

  add<T extends Item>(item: T): T {
    this.#items.push(item)
    return item
  }

  has(item: Item): boolean {
    return this.#items.includes(item)
  }

  find<T extends Item>(isWanted: (item: Item) => item is T): T | undefined {
    return this.#items.find(isWanted)
  }

  setData(name: string, id: string, data: unknown): void {
    if (!this.isOpen) this.open('data')
    const chunk = { type: `data-${name}` as const, id, data }
    const index = this.#items.findIndex(
      ({ kind, ...item }) =>
        kind === 'data' && 'chunk' in item && item.chunk.type === chunk.type && item.chunk.id === id,
    )
    const item = { kind: 'data', chunk } as const
    if (index === -1) this.#items.push(item)
    else this.#items[index] = item
    this.push(chunk)
  }

  /** Takes items back. */
  drop(isDropped: (item: Item) => boolean): void {
    const left = this.#items.filter(item => !isDropped(item))
    if (left.length === this.#items.length) return
    this.#items = left
    this.renderAgain()
  }

  /** Sends the parts of the step again, as they are now. */
  renderAgain(): void {
    this.push({ type: 'reset-step' }, ...this.#items.flatMap(render))
  }
}
