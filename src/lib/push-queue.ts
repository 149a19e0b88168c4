/** An async iterable that yields pushed items in order; `end` ends it. */
export class PushQueue<T> implements AsyncIterable<T> {
  #items: T[] = []
  #ended = false
  #wake: (() => void) | undefined

  /** Ignored after `end`. */
  push(item: T): void {
    if (this.#ended) return
    this.#items.push(item)
    this.#wake?.()
  }

  /** Ends the iteration after the items pushed so far. Idempotent. */
  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) yield item
      if (this.#ended) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
