/** Runs tasks with the same name one at a time, in the order of the calls. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const done = (before ?? Promise.resolve()).then(work, work)
    this.#last.set(name, done)
    try {
      return await done
    } finally {
      if (this.#last.get(name) === done) this.#last.delete(name)
    }
  }
}
