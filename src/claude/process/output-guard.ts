import { Transform, type TransformCallback } from 'node:stream'
import { JsonScan } from '../../lib/json-scan.ts'

/** The length limit of a line, which is assembled in memory. The largest frames contain images of some megabytes. */
const maxLineBytes = 32 * 1024 * 1024
/** Limits of a frame: deeper frames cannot be serialized again, and parsing larger ones takes seconds. */
const bounds = { depth: 1_000, values: 500_000, numberLength: 100_000 }
const newline = 0x0a
const brace = 0x7b

export interface OutputWatch {
  /** Called for each complete frame, including those that the SDK does not pass on, such as keepalives. */
  onFrame(): void
  /** Called for a frame that is too long or too deep. */
  onOverflow(): void
}

/**
 * The filter between the process's standard output and the SDK. It drops lines that cannot be frames, because some of
 * them, such as `null`, end the SDK. It limits the length of frames, which the SDK would buffer without limit. It
 * applies backpressure: a process that writes faster than it is read has to wait.
 */
export class OutputGuard extends Transform {
  readonly #watch: OutputWatch
  /** The pieces of the unfinished line. */
  #length = 0
  #isFrame = false
  #scan = new JsonScan(bounds)
  #overflowed = false

  constructor(watch: OutputWatch) {
    super()
    this.#watch = watch
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // Output after a line that is too long is dropped, because the process is being ended.
    if (!this.#overflowed) this.#take(chunk)
    done()
  }

  #take(chunk: Buffer): void {
    let framed = false
    /** The start of the frames that were not passed on yet. */
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
