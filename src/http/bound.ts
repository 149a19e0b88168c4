import { ServiceError } from '../contract/errors.ts'

/** Something that may be used at once up to a limit, by each user or by all of them together. */
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
   * Takes an amount for a user.
   *
   * @returns gives it back; further calls do nothing
   * @throws ServiceError with the name of the limit when there is less left
   */
  take(user: string, amount = 1): () => void {
    const used = this.#used.get(user) ?? 0
    if (used + amount > this.#limit) {
      const message = `${this.#limitName}: no more than ${this.#limit} at once; see the header Retry-After`
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

/** Takes all of them or none. */
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
