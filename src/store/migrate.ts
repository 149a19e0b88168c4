import type { Kysely } from 'kysely'
import type { Dialect } from './dialect.ts'
import type { Migration } from './migration.ts'
import { migrations as allMigrations } from './migrations/all.ts'
import type { QueryBuilder } from './schema.ts'
import { StoreOpenError } from './store-open-error.ts'

/**
 * Brings a SQLite database to the shape that this program knows, each step in its own transaction. The caller
 * must be the only one that has the database open.
 * @throws {StoreOpenError} `newer`, when a later program has changed the database
 */
export async function migrate(
  db: QueryBuilder,
  file: string,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  const { missing } = await findMissing(db, file, migrations)
  for (const step of missing) {
    await db.transaction().execute(transaction => apply(transaction, step, 'sqlite'))
  }
}

/**
 * As `migrate`, for PostgreSQL: all steps in the transaction that is given, which keeps other programs out.
 *
 * @param check refuses steps, given the migrations that programs which use the database know
 * @throws {StoreOpenError} `newer`, when the database admits no program as old as this one
 */
export async function migrateWithin(
  transaction: QueryBuilder,
  place: string,
  check: (missing: readonly Migration[], required: readonly string[]) => Promise<void>,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  const { missing, required } = await findMissing(transaction, place, migrations)
  await check(missing, required)
  for (const step of missing) {
    await apply(transaction, step, 'postgres')
  }
}

async function findMissing(
  db: QueryBuilder,
  place: string,
  migrations: readonly Migration[],
): Promise<{ missing: Migration[]; required: string[] }> {
  await db.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', column => column.notNull())
    .execute()
  await db.schema
    .createTable('schema_admissions')
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey().notNull())
    .addColumn('admits', 'text', column => column.notNull())
    .execute()
  const { applied, required } = await readRequired(db)
  refuseNewer(place, required, migrations)
  return { missing: migrations.filter(({ name }) => !applied.has(name)), required }
}

async function apply(db: QueryBuilder, step: Migration, dialect: Dialect['name']): Promise<void> {
  // A migration sees no tables by type: those of today are not those of its time.
  await step.up(db as unknown as Kysely<unknown>, dialect)
  await db.insertInto('schema_migrations').values({ name: step.name, applied_at: Date.now() }).execute()
  if (step.admits === undefined) return
  await db.insertInto('schema_admissions').values({ name: step.name, admits: step.admits }).execute()
}

/**
 * The migrations that a program has to know: those that are applied, in place of each the one that it admits. So
 * servers can be updated one after the other.
 */
async function readRequired(db: QueryBuilder): Promise<{ applied: Set<string>; required: string[] }> {
  const rows = await db
    .selectFrom('schema_migrations')
    .leftJoin('schema_admissions', 'schema_admissions.name', 'schema_migrations.name')
    .select(['schema_migrations.name', 'schema_admissions.admits'])
    .orderBy('schema_migrations.name')
    .execute()
  return {
    applied: new Set(rows.map(row => row.name)),
    required: rows.map(row => row.admits ?? row.name),
  }
}

function refuseNewer(place: string, required: readonly string[], migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(migration => migration.name))
  const unknown = required.filter(name => !known.has(name)).at(-1)
  if (unknown === undefined) return
  throw new StoreOpenError(
    'newer',
    place,
    `The database ${place} is newer than this program: it has been changed by migration "${unknown}", ` +
      `and this program knows them up to "${migrations.at(-1)?.name}". Start a program at least as new as the database`,
  )
}
