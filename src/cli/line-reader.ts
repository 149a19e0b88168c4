import { createInterface, type Interface } from 'node:readline'

/** Reads lines that a person types, or that come through a pipe. */
export class LineReader {
  readonly #readline: Interface
  readonly #isTerminal: boolean
  readonly #lines: string[] = []
  #waiting: ((line: string | undefined) => void) | undefined
  #isClosed = false

  /** @param onInterrupt is called for Ctrl-C on a terminal */
  constructor(isTerminal: boolean, onInterrupt: () => void) {
    this.#isTerminal = isTerminal
    this.#readline = createInterface({
      input: process.stdin,
      ...(isTerminal && {
        output: process.stdout,
        terminal: true,
        historySize: 500,
        removeHistoryDuplicates: true,
      }),
    })
    this.#readline.on('line', line => {
      if (this.#waiting) this.#settle(line)
      else this.#lines.push(line)
    })
    this.#readline.on('close', () => {
      this.#isClosed = true
      this.#settle(undefined)
    })
    this.#readline.on('SIGINT', onInterrupt)
  }

  /**
   * Returns the next line; undefined at the end of the input, or when the signal aborts.
   *
   * @param isFresh lines that a person typed before the question are no answer to it
   */
  ask(
    prompt: string,
    { signal, isFresh = false }: { signal?: AbortSignal; isFresh?: boolean } = {},
  ): Promise<string | undefined> {
    if (isFresh && this.#isTerminal) this.#lines.length = 0
    const line = this.#lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#isClosed || signal?.aborted) return Promise.resolve(undefined)
    if (this.#isTerminal) {
      this.#readline.setPrompt(prompt)
      this.#readline.prompt()
    }
    return new Promise(resolve => {
      const abort = () => this.#settle(undefined)
      this.#waiting = found => {
        signal?.removeEventListener('abort', abort)
        resolve(found)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Shows the question again, with an empty line. */
  again(): void {
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#readline.prompt()
  }

  close(): void {
    this.#readline.close()
  }

  #settle(line: string | undefined): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(line)
  }
}
