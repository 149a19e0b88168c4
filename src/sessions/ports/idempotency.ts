/** What the first request with an `Idempotency-Key` has led to. Keys are the caller's own: of a tenant and an API key. */
export interface IdempotencyRecord {
  tenantId: string
  /** Id of the API key. */
  keyId: string
  key: string
  /** The same for requests that ask for the same. */
  fingerprint: string
  sessionId: string
  /** null when the request made the session. */
  turnId: string | null
  expiresAt: number
}

/** The keys of the last day; a key is stored with the change that it led to. One that has expired counts as one that never was, and is removed when it is met. */
export interface IdempotencyStore {
  findIdempotencyKey(
    tenantId: string,
    keyId: string,
    key: string,
    now: number,
  ): Promise<IdempotencyRecord | undefined>
  /** Over all tenants. @returns how many were removed, at most `limit` */
  removeExpiredIdempotencyKeys(now: number, limit: number): Promise<number>
}
