import type { Kysely } from 'kysely'
import type { Dialect } from './dialect.ts'

/**
 * One step forward of the database's shape. Once released it is never changed, only followed by another.
 * `up` runs in a transaction and must not use the tables' current types, which describe a later shape. Column types
 * are those of SQLite; PostgreSQL's are put in their place.
 */
export interface Migration {
  /** Its number and what it does; kept in the database. */
  name: string
  /** The migration that a program has to know to work with this shape; left out: this one. */
  admits?: string
  up(db: Kysely<unknown>, dialect: Dialect['name']): Promise<void>
}
