import { createHash } from 'node:crypto'

/** The sum of the hashes of rows: the same in whatever order they come. */
export class Checksum {
  rows = 0
  #sum = 0n

  add(values: readonly unknown[]): void {
    const hash = createHash('sha256')
    for (const value of values) {
      const isBytes = value instanceof Uint8Array
      hash.update(value === null ? 'n' : isBytes ? `b${value.length}:` : `${typeof value}:`)
      if (isBytes) hash.update(value)
      else if (value !== null) hash.update(JSON.stringify(value))
      hash.update('\n')
    }
    this.rows++
    this.#sum = (this.#sum + hash.digest().readBigUInt64BE()) & 0xffff_ffff_ffff_ffffn
  }

  get value(): string {
    return this.#sum.toString(16).padStart(16, '0')
  }
}
