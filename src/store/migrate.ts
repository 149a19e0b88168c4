import type { Kysely } from 'kysely'
import type { Migration } from './migration.ts'
import { migrations as allMigrations } from './migrations/all.ts'
import type { QueryBuilder } from './schema.ts'
import { StoreOpenError } from './store-open-error.ts'

/**
 * Brings the database to the shape that this program knows, each step in its own transaction. The caller
 * must be the only one that has the database open.
 * @throws {StoreOpenError} `newer`, when a later program has changed the database
 */
export async function migrate(
  db: QueryBuilder,
  file: string,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  await db.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', column => column.notNull())
    .execute()
  const rows = await db.selectFrom('schema_migrations').select('name').orderBy('name').execute()
  const applied = new Set(rows.map(row => row.name))
  refuseNewer(file, applied, migrations)
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue
    await db.transaction().execute(async transaction => {
      // A migration sees no tables by type: those of today are not those of its time.
      await migration.up(transaction as unknown as Kysely<unknown>)
      await transaction
        .insertInto('schema_migrations')
        .values({ name: migration.name, applied_at: Date.now() })
        .execute()
    })
  }
}

function refuseNewer(file: string, applied: Set<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(migration => migration.name))
  const unknown = [...applied].filter(name => !known.has(name)).at(-1)
  if (unknown === undefined) return
  throw new StoreOpenError(
    'newer',
    file,
    `The database ${file} is newer than this program: it has been changed by migration "${unknown}", ` +
      `and this program knows them up to "${migrations.at(-1)?.name}". Start a program at least as new as the database`,
  )
}
