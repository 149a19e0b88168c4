import type { ApiKeyRecord } from '../records.ts'
import type { RevisedStore } from './revisions.ts'

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
