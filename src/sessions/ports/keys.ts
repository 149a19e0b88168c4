import type { ApiKeyRecord } from '../records.ts'

/** Stored API keys. */
export interface KeyStore {
  /** Oldest first, over all tenants. */
  loadKeys(): Promise<ApiKeyRecord[]>
  /** Stores a key as it is now, whether it was there before or not. */
  saveKey(key: ApiKeyRecord): Promise<void>
  /** Forgets keys. */
  removeKeys(ids: readonly string[]): Promise<void>
  /** Notes when keys were last used. */
  noteUses(uses: ReadonlyMap<string, number>): Promise<void>
}
