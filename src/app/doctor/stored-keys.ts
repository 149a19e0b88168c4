import { existsSync } from 'node:fs'
import { openStoreDump } from '../../store/dump/open-dump.ts'
import { StoreOpenError } from '../../store/store-open-error.ts'
import { databaseFileIn, type StorePlaces } from '../store-places.ts'

/** The stored keys that are not revoked. */
export interface StoredKeys {
  count: number
  /** Whether one of them is of another tenant than `default`. */
  hasOtherTenants: boolean
}

/** Reads the stored keys without changing the store; of a store that cannot be read there are none. */
export async function readStoredKeys({
  dataDir,
  database,
}: Pick<StorePlaces, 'dataDir' | 'database'>): Promise<StoredKeys> {
  const found: StoredKeys = { count: 0, hasOtherTenants: false }
  const file = databaseFileIn(dataDir)
  if (!database && !existsSync(file)) return found
  try {
    const dump = await openStoreDump(file, database)
    try {
      const table = dump.tables.find(({ name }) => name === 'api_keys')
      if (!table) return found
      const [tenant, revoked] = ['tenant_id', 'revoked_at'].map(name => table.columns.indexOf(name))
      for await (const rows of dump.rows(table)) {
        for (const row of rows.filter(row => row[revoked ?? 0] === null)) {
          found.count++
          found.hasOtherTenants ||= row[tenant ?? 0] !== 'default'
        }
      }
    } finally {
      await dump.close()
    }
  } catch (error) {
    // The check of the store says so.
    if (!(error instanceof StoreOpenError)) throw error
  }
  return found
}
