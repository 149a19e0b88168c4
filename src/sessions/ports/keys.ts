import type { CallerLimits } from '../../contract/caller-limits.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { RevisedStore } from './revisions.ts'

/** An API key that is stored; keys of the configuration are not. */
export interface ApiKeyRecord {
  /** The public part of the key. */
  id: string
  tenantId: string
  createdBy: string
  name: string
  scopes: Scope[]
  /** The only session that it opens. */
  sessionId: string | null
  limits: CallerLimits
  /** SHA-256 of the key, hexadecimal. */
  hash: string
  /** Of the key that it replaced, which is valid until a time. */
  previousHash: string | null
  previousUntil: number | null
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
}

/** Stored API keys. */
export interface KeyStore extends RevisedStore {
  /** Oldest first, over all tenants. */
  loadKeys(): Promise<ApiKeyRecord[]>
  /**
   * Stores a key as it is now, whether it was there before or not; its last use never becomes earlier.
   *
   * @param expected the revision that the change is based on; left out: any
   * @returns the new revision
   * @throws ChangedElsewhere
   */
  saveKey(key: ApiKeyRecord, expected?: number): Promise<number>
  /** Forgets keys. @returns the new revision */
  removeKeys(ids: readonly string[]): Promise<number>
  /** Notes when keys were last used. @returns the new revision */
  noteUses(uses: ReadonlyMap<string, number>): Promise<number>
}
