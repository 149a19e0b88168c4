/** Where a tool call is: the message and the block in each list, from the outermost on. */
export type CallPath = readonly (readonly [message: number, block: number])[]

const fewSearches = 8

/**
 * The work on a batch of events. Readers see only its result, so lists that it has made are changed in place: each
 * list is copied once per batch, not once per event.
 */
export class Batch {
  readonly #made = new Set<readonly unknown[]>()
  #turnPlaces: Map<string, number> | undefined
  #searches = 0
  /** Calls of subagents that were searched for; null: there is no such call. */
  readonly callPaths = new Map<string, CallPath | null>()
  /** No message before this one has partial blocks; undefined: unknown. */
  firstPartial: number | undefined

  /** Returns a list with the same items that may be changed. */
  toMutable<T>(list: readonly T[]): T[] {
    return this.#made.has(list) ? (list as T[]) : this.#own(list.slice())
  }

  with<T>(list: readonly T[], index: number, item: T): readonly T[] {
    const mutable = this.toMutable(list)
    mutable[index] = item
    return mutable
  }

  add<T>(list: readonly T[], item: T): readonly T[] {
    // A copy that grows afterwards would be a second copy.
    if (!this.#made.has(list)) return this.#own([...list, item])
    ;(list as T[]).push(item)
    return list
  }

  /** Returns where a turn is; -1: it is new. */
  placeOfTurn(turns: readonly { readonly turnId: string }[], turnId: string): number {
    // For a few events, searching costs less than an index.
    if (this.#searches++ < fewSearches) return turns.findLastIndex(turn => turn.turnId === turnId)
    this.#turnPlaces ??= new Map()
    for (let place = this.#turnPlaces.size; place < turns.length; place++) {
      this.#turnPlaces.set(turns[place]?.turnId ?? '', place)
    }
    return this.#turnPlaces.get(turnId) ?? -1
  }

  #own<T>(list: T[]): T[] {
    this.#made.add(list)
    return list
  }
}
