import { ServiceError } from '../contract/errors.ts'

/** A limit on concurrent use, per user or in total. */
export class Bound {
  readonly #code: 'CALLER_LIMIT_REACHED' | 'SERVER_LIMIT_REACHED'
  readonly #limitName: string
  readonly #limit: number
  readonly #used = new Map<string, number>()

  /** @param limitName the option of the configuration, for the error */
  constructor(code: 'CALLER_LIMIT_REACHED' | 'SERVER_LIMIT_REACHED', limitName: string, limit: number) {
    this.#code = code
    this.#limitName = limitName
    this.#limit = limit
  }

  /**
   * Reserves an amount for a user.
   *
   * @returns a function that releases the amount; further calls have no effect
   * @throws ServiceError with the name of the limit if it would be exceeded
   */
  take(user: string, amount = 1): () => void {
    const used = this.#used.get(user) ?? 0
    if (used + amount > this.#limit) {
      const message = `${this.#limitName}: at most ${this.#limit} at once; see the header Retry-After`
      throw new ServiceError(this.#code, message, { limitName: this.#limitName, limit: this.#limit })
    }
    this.#used.set(user, used + amount)
    let held = true
    return () => {
      if (!held) return
      held = false
      const left = (this.#used.get(user) ?? 0) - amount
      if (left > 0) this.#used.set(user, left)
      else this.#used.delete(user)
    }
  }
}

export type Take = readonly [bound: Bound, user: string, amount?: number]

/** Reserves all amounts or none. */
export function takeAll(takes: readonly Take[]): () => void {
  const held: (() => void)[] = []
  const release = () => {
    for (const giveBack of held) giveBack()
  }
  try {
    for (const [bound, user, amount] of takes) held.push(bound.take(user, amount))
    return release
  } catch (error) {
    release()
    throw error
  }
}
