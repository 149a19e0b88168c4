/** Fires when nothing was seen for so long while it was on. */
export class Watchdog {
  readonly #ms: number
  readonly #onSilence: () => void
  #timer: NodeJS.Timeout | undefined

  /** @param ms 0: never */
  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms
    this.#onSilence = onSilence
  }

  start(): void {
    this.stop()
    if (this.#ms === 0) return
    this.#timer = setTimeout(this.#onSilence, this.#ms)
    this.#timer.unref()
  }

  /** Something was seen. */
  feed(): void {
    this.#timer?.refresh()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
