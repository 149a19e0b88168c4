/** How long a process may wait for something to do. */
export class IdleTimer {
  /** Whether the time is over. */
  overdue = false
  readonly #ms: number
  readonly #onOverdue: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, onOverdue: () => void) {
    this.#ms = ms
    this.#onOverdue = onOverdue
  }

  /** Goes on where it runs already. */
  start(): void {
    this.#timer ??= setTimeout(() => {
      this.overdue = true
      this.#onOverdue()
    }, this.#ms).unref()
  }

  /** The time begins anew with the next start. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.overdue = false
  }
}
