import { hash, randomBytes } from 'node:crypto'
import { ipKeyGenerator } from 'express-rate-limit'

/** After this long without another wrong key, an address starts anew. */
const forgetMs = 60 * 60 * 1000
const shortestDelayMs = 1_000
const longestDelayMs = 5 * 60 * 1000
/** Wrong keys that an address is known to repeat. */
const keptGuesses = 16

export interface KeyGuessesOptions {
  /** Wrong keys that one address may try before it has to wait. */
  limit: number
  /** Addresses with wrong keys that are counted on their own; those beyond share one count. */
  maxAddresses?: number
  /** Pairs of an address and a key that were seen to work. */
  maxProven?: number
  /** The time as durations, which setting the clock does not change. */
  now?: () => number
  /** Called when an address has to wait. */
  onDelay?: (delay: { address: string; wrongKeys: number; delayMs: number }) => void
}

interface Guesses {
  wrongKeys: number
  /** Digests of the latest ones, so that a client which repeats one wrong key counts once. */
  readonly recent: Set<string>
  delayedUntil: number
  lastAt: number
}

/**
 * Slows down the guessing of keys. Each wrong key counts against its address (IPv6: its /64 network, which one machine
 * can have to itself). Beyond the limit, the address waits before each further try, twice as long each time. While it
 * waits, the key is not judged: a right one gets the same answer as a wrong one, so waiting cannot be skipped by sending
 * more. Only keys that have worked at this address before pass, so that callers who share it are not locked out by
 * someone's guesses.
 */
export class KeyGuesses {
  readonly #limit: number
  readonly #maxAddresses: number
  readonly #maxProven: number
  readonly #now: () => number
  readonly #onDelay: KeyGuessesOptions['onDelay']
  /** Those with the oldest latest guess first. */
  readonly #byAddress = new Map<string, Guesses>()
  /** Least recently used first. */
  readonly #proven = new Set<string>()
  #others: Guesses = newGuesses()
  /** Digests of guesses are of no use outside this process. */
  readonly #salt = randomBytes(16).toString('hex')

  constructor({ limit, maxAddresses = 10_000, maxProven = 50_000, now, onDelay }: KeyGuessesOptions) {
    this.#limit = limit
    this.#maxAddresses = maxAddresses
    this.#maxProven = maxProven
    this.#now = now ?? (() => performance.now())
    this.#onDelay = onDelay
  }

  /**
   * Judges a key at an address.
   *
   * @param keyId the id of the key if it is a right one
   * @returns the milliseconds to wait before the next try; 0: the key counts for what it is
   */
  judge(address: string, key: string, keyId: string | undefined): number {
    const network = ipKeyGenerator(address, 64)
    const pair = `${network} ${keyId ?? ''}`
    const isProven = this.#proven.has(pair)
    if (keyId !== undefined && isProven) {
      this.#prove(pair)
      return 0
    }
    const now = this.#now()
    const guesses = this.#find(network, now)
    const guess = hash('sha256', this.#salt + key, 'base64url')
    if (guesses?.recent.has(guess)) return 0
    if (guesses && guesses.delayedUntil > now) return guesses.delayedUntil - now
    if (keyId !== undefined) this.#prove(pair)
    else this.#count(network, guess, now)
    return 0
  }

  /** How many addresses and pairs are remembered. */
  get size(): { addresses: number; proven: number } {
    return { addresses: this.#byAddress.size, proven: this.#proven.size }
  }

  #find(network: string, now: number): Guesses | undefined {
    this.#forget(now)
    const own = this.#byAddress.get(network)
    return own ?? (this.#byAddress.size >= this.#maxAddresses ? this.#others : undefined)
  }

  #count(network: string, guess: string, now: number): void {
    const guesses = this.#find(network, now) ?? newGuesses()
    guesses.wrongKeys++
    guesses.lastAt = now
    guesses.recent.add(guess)
    for (const oldest of guesses.recent) {
      if (guesses.recent.size <= keptGuesses) break
      guesses.recent.delete(oldest)
    }
    const excess = guesses.wrongKeys - this.#limit
    if (excess >= 0) {
      const delayMs = Math.min(longestDelayMs, shortestDelayMs * 2 ** excess)
      guesses.delayedUntil = now + delayMs
      const address = guesses === this.#others ? 'others' : network
      this.#onDelay?.({ address, wrongKeys: guesses.wrongKeys, delayMs })
    }
    if (guesses === this.#others) return
    this.#byAddress.delete(network)
    this.#byAddress.set(network, guesses)
  }

  #prove(pair: string): void {
    this.#proven.delete(pair)
    this.#proven.add(pair)
    for (const oldest of this.#proven) {
      if (this.#proven.size <= this.#maxProven) return
      this.#proven.delete(oldest)
    }
  }

  #forget(now: number): void {
    for (const [network, { lastAt }] of this.#byAddress) {
      if (now - lastAt < forgetMs) break
      this.#byAddress.delete(network)
    }
    if (now - this.#others.lastAt >= forgetMs) this.#others = newGuesses()
  }
}

function newGuesses(): Guesses {
  return { wrongKeys: 0, recent: new Set(), delayedUntil: 0, lastAt: 0 }
}
