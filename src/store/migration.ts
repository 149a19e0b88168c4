import type { Kysely } from 'kysely'

/**
 * One step forward of the database's shape. Once released it is never changed, only followed by another.
 * `up` runs in a transaction and must not use the tables' current types, which describe a later shape.
 */
export interface Migration {
  /** Its number and what it does; kept in the database. */
  name: string
  up(db: Kysely<unknown>): Promise<void>
}
