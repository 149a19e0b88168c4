import { ServiceError } from '../../contract/errors.ts'
import type { IdempotencyRecord, IdempotencyStore } from '../ports/index.ts'
import type { Caller } from '../records.ts'

/** Marks a request and its repetitions as one. */
export interface IdempotencyKey {
  /** As the caller chose it. */
  key: string
  /** The same for requests that ask for the same. */
  fingerprint: string
}

/** The result that requests with one key share; `replayed`: an earlier one made it. */
export interface Once<T> {
  made: T
  replayed: boolean
}

/** How long a key stands for what its first request led to. */
export const idempotencyWindowMs = 24 * 60 * 60 * 1000
/** Bounds what a start clears away; requests with a key do the rest. */
const removedAtStart = 5_000

/** Makes the record that is to be stored together with what the request makes. */
export type Remember = (made: Pick<IdempotencyRecord, 'sessionId' | 'turnId'>) => IdempotencyRecord

/**
 * Lets a request with a key happen once. What it led to is in the store; that it is being accepted is known in
 * memory only, so that a key whose first request died with the server can be used again.
 */
export class Idempotency {
  readonly #store: IdempotencyStore
  readonly #inFlight = new Set<string>()

  constructor(store: IdempotencyStore) {
    this.#store = store
  }

  /** Clears away keys that expired while no request came. */
  async open(): Promise<void> {
    await this.#store.removeExpiredIdempotencyKeys(Date.now(), removedAtStart)
  }

  /**
   * @param key undefined: every request happens
   * @param accept does what the request asks for; has to store the record of `remember` in the same transaction
   * @param replay answers with the result of the first request
   * @throws ServiceError IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED
   */
  async once<T>(
    caller: Caller,
    key: IdempotencyKey | undefined,
    accept: (remember: Remember | undefined) => Promise<T>,
    replay: (first: IdempotencyRecord) => Promise<T>,
  ): Promise<Once<T>> {
    if (!key) return { made: await accept(undefined), replayed: false }
    const known = await this.#find(caller, key)
    if (known) return { made: await replay(known), replayed: true }
    const id = JSON.stringify([caller.tenantId, caller.keyId, key.key])
    // Whatever its body: it is not known yet whether the first one is refused, which leaves the key free.
    if (this.#inFlight.has(id)) {
      const message = 'The first request with this Idempotency-Key is still being accepted; send it again'
      throw new ServiceError('IDEMPOTENCY_IN_FLIGHT', message)
    }
    this.#inFlight.add(id)
    try {
      // Another one may have been accepted between the look and the mark.
      const meanwhile = await this.#find(caller, key)
      if (meanwhile) return { made: await replay(meanwhile), replayed: true }
      return { made: await accept(made => toRecord(caller, key, made)), replayed: false }
    } catch (error) {
      if (error instanceof ServiceError) throw error
      // The database refuses a second one that another server on it has let in at the same time.
      const first = await this.#find(caller, key).catch(() => undefined)
      if (!first) throw error
      return { made: await replay(first), replayed: true }
    } finally {
      this.#inFlight.delete(id)
    }
  }

  async #find(caller: Caller, key: IdempotencyKey): Promise<IdempotencyRecord | undefined> {
    const { tenantId, keyId } = caller
    const found = await this.#store.findIdempotencyKey(tenantId, keyId, key.key, Date.now())
    if (found && found.fingerprint !== key.fingerprint) {
      const message = 'This Idempotency-Key was used for another request; take a new one for each request'
      throw new ServiceError('IDEMPOTENCY_KEY_REUSED', message)
    }
    return found
  }
}

function toRecord(
  { tenantId, keyId }: Caller,
  { key, fingerprint }: IdempotencyKey,
  made: Pick<IdempotencyRecord, 'sessionId' | 'turnId'>,
): IdempotencyRecord {
  return { tenantId, keyId, key, fingerprint, ...made, expiresAt: Date.now() + idempotencyWindowMs }
}
