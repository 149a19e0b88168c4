import { randomBytes } from 'node:crypto'

const counters = 2 ** 12

/** Creates UUIDs of version 7 (RFC 9562), each greater than the one before, also when the clock is set back. */
export class TimeOrderedIds {
  #at = 0
  #counter = 0

  /** @returns the id, and the time in it */
  create(): { id: string; at: number } {
    const now = Date.now()
    if (now > this.#at) {
      this.#at = now
      this.#counter = 0
    } else if (++this.#counter === counters) {
      this.#at++
      this.#counter = 0
    }
    return { id: compose(this.#at, this.#counter, randomBytes(8)), at: this.#at }
  }
}

/** The smallest id of a time, which bounds a range of ids. */
export function firstIdAt(at: number): string {
  return compose(Math.min(Math.max(0, Math.floor(at)), 2 ** 48 - 1), 0, Buffer.alloc(8))
}

function compose(at: number, counter: number, rest: Buffer): string {
  const time = at.toString(16).padStart(12, '0')
  const count = counter.toString(16).padStart(3, '0')
  // Two bits are the variant.
  rest[0] = ((rest[0] ?? 0) & 0x3f) | 0x80
  const tail = rest.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`
}
