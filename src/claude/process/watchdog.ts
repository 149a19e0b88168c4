/** Fires if there is no sign of life for a given time while it is on. */
export class Watchdog {
  readonly #ms: number
  readonly #onSilence: () => void
  #paused = 0
  #on = false
  #timer: NodeJS.Timeout | undefined

  /** @param ms 0: never */
  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms
    this.#onSilence = onSilence
  }

  start(): void {
    this.stop()
    this.#on = true
    this.#set()
  }

  /** Pauses the watchdog until `resume` was called as often. */
  pause(): void {
    this.#paused++
    this.#clear()
  }

  resume(): void {
    this.#paused--
    this.#set()
  }

  #set(): void {
    this.#clear()
    if (!this.#on || this.#paused > 0 || this.#ms === 0) return
    this.#timer = setTimeout(this.#onSilence, this.#ms)
    this.#timer.unref()
  }

  /** Records a sign of life. */
  feed(): void {
    this.#timer?.refresh()
  }

  stop(): void {
    this.#on = false
    this.#clear()
  }

  #clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
