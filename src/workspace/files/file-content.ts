import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'

const chunkSize = 64 * 1024

/**
 * A part of an open file as a stream. It closes the file when it ends, in whatever way, also when nobody has
 * read from it. It fails when the file is shorter than it was promised: whoever counts on the length must not
 * wait for the rest.
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
          this.destroy(new Error('the file got shorter while it was read'))
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
    // Closed under a reading, the number of the file could be another file's by the time it is used.
    const done = Promise.allSettled([this.#reading]).then(() => this.#file.close())
    done.then(
      () => callback(error),
      closing => callback(error ?? closing),
    )
  }
}
