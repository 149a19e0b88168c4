import { Transform, type TransformCallback } from 'node:stream'
import { JsonScan } from '../../lib/json-scan.ts'

/** The largest frames carry images of some megabytes; a line is put together in memory before it is read. */
const maxLineBytes = 32 * 1024 * 1024
/** What a frame may hold: deeper ones cannot be written as JSON again, and parsing more takes seconds. */
const bounds = { depth: 1_000, values: 500_000, numberLength: 100_000 }
const newline = 0x0a
const brace = 0x7b

export interface OutputWatch {
  /** A whole frame has come: also those that the SDK keeps to itself, such as its keepalives. */
  onFrame(): void
  /** A frame is too long or too deep to be taken. */
  onOverflow(): void
}

/**
 * Stands between the process's standard output and the SDK. Lines that cannot be frames are left out: the SDK
 * ends at some of them, such as `null`. A frame of any length would be collected, so there is a bound. What is
 * handed on waits where nobody takes it: a process that writes faster than it is read is held up.
 */
export class OutputGuard extends Transform {
  readonly #watch: OutputWatch
  /** Of the line that has begun. */
  #length = 0
  #isFrame = false
  #scan = new JsonScan(bounds)
  #overflowed = false

  constructor(watch: OutputWatch) {
    super()
    this.#watch = watch
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // What comes after a line that is too long is not missed: the process is being ended.
    if (!this.#overflowed) this.#take(chunk)
    done()
  }

  #take(chunk: Buffer): void {
    let framed = false
    /** Where the frames begin that were not handed on yet. */
    let kept = -1
    for (let from = 0; from < chunk.length; ) {
      const at = chunk.indexOf(newline, from)
      const next = at === -1 ? chunk.length : at + 1
      if (this.#length === 0) {
        this.#isFrame = chunk[from] === brace
        this.#scan = new JsonScan(bounds)
      }
      if (this.#isFrame && kept === -1) kept = from
      if (!this.#isFrame && kept !== -1) {
        this.push(chunk.subarray(kept, from))
        kept = -1
      }
      this.#length += next - from
      const isTooMuch = this.#length > maxLineBytes || this.#scan.add(chunk.subarray(from, next))
      if (this.#isFrame && isTooMuch) {
        this.#overflowed = true
        this.#watch.onOverflow()
        return
      }
      if (at !== -1) {
        framed ||= this.#isFrame
        this.#length = 0
      }
      from = next
    }
    if (kept !== -1) this.push(chunk.subarray(kept))
    if (framed) this.#watch.onFrame()
  }
}
