import type { Connection } from './sqlite/connection.ts'

/** Before those that refer to them. */
const parents = ['sessions', 'turns', 'attachments']
/** Of the database itself. */
const notCopied = [
  'schema_migrations',
  'schema_admissions',
  'store_checks',
  'nodes',
  'rate_windows',
  'running_places',
  'revisions',
  'redeemed_tickets',
  'secret_fingerprints',
]

/** Begins the names of the tables of the search index, which triggers fill when turns and titles are copied. */
const index = 'search_'

/** The tables whose rows make up a store, in an order in which they can be filled. */
export function listCopiedTables(connection: Connection): string[] {
  const tables = connection
    .execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .map(row => String(row.name))
    .filter(name => !notCopied.includes(name) && !name.startsWith(index))
  return [...parents, ...tables.filter(name => !parents.includes(name))]
}

export function listColumns(connection: Connection, table: string): string[] {
  return connection.execute(`select name from pragma_table_info('${table}')`).map(row => String(row.name))
}
