import { sql } from 'kysely'
import type { Migration } from '../migration.ts'
import { fences } from '../migrations/032-fences.ts'
import type { QueryBuilder } from '../schema.ts'
import { StoreOpenError } from '../store-open-error.ts'

/**
 * Keeps a newer program from changing the database under living nodes. Each of them knows the migrations that are
 * required so far; a step is applied only if it admits one of those.
 *
 * @throws {StoreOpenError} `locked`, naming the living nodes
 */
export async function refuseUnadmitted(
  db: QueryBuilder,
  place: string,
  missing: readonly Migration[],
  required: readonly string[],
): Promise<void> {
  // The first migration that nodes know.
  const known = new Set([...required, fences.name])
  const step = missing.find(({ admits }) => admits === undefined || !known.has(admits))
  if (!step) return
  const nodes = await listLiving(db)
  if (nodes.length === 0) return
  const names = nodes.map(({ url, version }) => `${url} (version ${version})`).join(', ')
  throw new StoreOpenError(
    'locked',
    place,
    `The database ${place} needs migration "${step.name}", which nodes of an older program do not admit, ` +
      `and these nodes are running: ${names}. Stop them first`,
  )
}

async function listLiving(db: QueryBuilder): Promise<{ url: string; version: string }[]> {
  const found = await sql<{ is: boolean }>`select to_regclass('nodes') is not null as is`.execute(db)
  if (!found.rows[0]?.is) return []
  return db
    .selectFrom('nodes')
    .select(['url', 'version'])
    .where('state', '!=', 'dead')
    .where('lease_until', '>', sql<number>`extract(epoch from clock_timestamp()) * 1000`)
    .orderBy('url')
    .execute()
}
