import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'

const chunkSize = 64 * 1024

/**
 * A stream of a part of an open file. It always closes the file at its end, even if it was never read. It fails if the
 * file is shorter than announced, so that readers do not wait for the rest.
 */
export class FileContent extends Readable {
  readonly #file: FileHandle
  #position: number
  #left: number
  #reading: Promise<unknown> | undefined

  constructor(file: FileHandle, start: number, length: number) {
    super({ highWaterMark: chunkSize })
    this.#file = file
    this.#position = start
    this.#left = length
  }

  override _read(): void {
    if (this.#left === 0) {
      this.push(null)
      return
    }
    const length = Math.min(chunkSize, this.#left)
    const reading = this.#file.read(Buffer.allocUnsafe(length), 0, length, this.#position)
    this.#reading = reading
    reading.then(
      ({ bytesRead, buffer }) => {
        if (bytesRead === 0) {
          this.destroy(new Error('the file shrank while it was read'))
          return
        }
        this.#position += bytesRead
        this.#left -= bytesRead
        this.push(buffer.subarray(0, bytesRead))
      },
      error => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Closing during a read could let the read use the descriptor of another file.
    const done = Promise.allSettled([this.#reading]).then(() => this.#file.close())
    done.then(
      () => callback(error),
      closing => callback(error ?? closing),
    )
  }
}
