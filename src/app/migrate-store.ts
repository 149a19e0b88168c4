import { databaseSchemaName, databaseUrl } from '../config/database.ts'
import { ConfigError } from '../lib/config-error.ts'
import { type CopiedTable, type CopyProgress, copyStore } from '../store/copy-store.ts'

export type { CopyProgress } from '../store/copy-store.ts'

/**
 * Copies the store in a SQLite file into an empty PostgreSQL database.
 * @throws ConfigError for a wrong flag, StoreOpenError when one of them cannot be used
 */
export async function migrateStore(
  { from, to, schema }: { from: string; to: string; schema: string },
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable[]> {
  const url = databaseUrl.safeParse(to)
  if (!url.success) throw new ConfigError('--to', url.error.issues[0]?.message ?? 'is not valid')
  const name = databaseSchemaName.safeParse(schema)
  if (!name.success) throw new ConfigError('--schema', name.error.issues[0]?.message ?? 'is not valid')
  return copyStore(from, { url: url.data, schema: name.data }, onProgress)
}
