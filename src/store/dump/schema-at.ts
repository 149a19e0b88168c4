import { listColumns, listCopiedTables } from '../copied-tables.ts'
import { migrate } from '../migrate.ts'
import { migrations } from '../migrations/all.ts'
import { openConnection } from '../sqlite/connection.ts'
import { StoreOpenError } from '../store-open-error.ts'

/**
 * Rows that a copy of the store must not have: it must not make another server end the processes of this one, nor bring
 * back logins that have ended since.
 */
const notDumped = ['processes', 'console_logins', 'console_instance']

/**
 * The migrations with these names.
 * @throws {StoreOpenError} `newer`, when this program does not know one of them
 */
export function findMigrations(names: readonly string[], place: string) {
  const found = migrations.filter(({ name }) => names.includes(name))
  const unknown = names.filter(name => !found.some(migration => migration.name === name)).at(-1)
  if (unknown === undefined) return found
  throw new StoreOpenError(
    'newer',
    place,
    `${place} is newer than this program: it has migration "${unknown}", and this program knows them up to ` +
      `"${migrations.at(-1)?.name}". Use a program at least as new`,
  )
}

/** The tables that a dump of a store with these migrations has, with their columns. */
export async function listDumpedTables(
  names: readonly string[],
  place: string,
): Promise<{ name: string; columns: string[] }[]> {
  const connection = openConnection(':memory:')
  try {
    await migrate(connection.db, place, findMigrations(names, place))
    return listCopiedTables(connection)
      .filter(name => !notDumped.includes(name))
      .map(name => ({ name, columns: listColumns(connection, name) }))
  } finally {
    connection.close()
  }
}
