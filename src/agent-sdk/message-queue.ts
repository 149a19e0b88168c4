/** Hands the messages of a query to its reader, in order. */
export class MessageQueue<T> {
  readonly #items: T[] = []
  #waiting: PromiseWithResolvers<IteratorResult<T, void>>[] = []
  #end: { error: unknown } | undefined

  get isOver(): boolean {
    return this.#end !== undefined
  }

  push(item: T): void {
    if (this.#end) return
    const waiting = this.#waiting.shift()
    if (waiting) waiting.resolve({ value: item, done: false })
    else this.#items.push(item)
  }

  /** Ends the messages; `error` is thrown to the reader after those that are there already. */
  end(error?: unknown): void {
    if (this.#end) return
    this.#end = { error }
    const [first, ...others] = this.#waiting
    this.#waiting = []
    if (first) this.#finish(first)
    for (const waiting of others) waiting.resolve({ value: undefined, done: true })
  }

  /** Drops the messages that nothing has read. */
  clear(): void {
    this.#items.length = 0
  }

  next(): Promise<IteratorResult<T, void>> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve({ value: item, done: false })
    const waiting = Promise.withResolvers<IteratorResult<T, void>>()
    if (this.#end) this.#finish(waiting)
    else this.#waiting.push(waiting)
    return waiting.promise
  }

  /** The error is thrown once. */
  #finish(waiting: PromiseWithResolvers<IteratorResult<T, void>>): void {
    const error = this.#end?.error
    this.#end = { error: undefined }
    if (error === undefined) waiting.resolve({ value: undefined, done: true })
    else waiting.reject(error)
  }
}
