import type { Migration } from '../migration.ts'

/** Limits that several nodes count together. */
export const rateWindows: Migration = {
  name: '035-rate-windows',
  admits: '031-title-source',
  async up(db) {
    await db.schema
      .createTable('rate_windows')
      .addColumn('counter', 'text', column => column.primaryKey())
      // An object: how many were granted in which step of the window.
      .addColumn('used', 'text', column => column.notNull())
      // The outcome of the last statement.
      .addColumn('granted', 'bigint', column => column.notNull())
      .addColumn('step', 'bigint', column => column.notNull())
      // By the clock of the database, in milliseconds.
      .addColumn('ends_at', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('running_places')
      .addColumn('counter', 'text', column => column.primaryKey())
      // An object: how many places each life of a node holds.
      .addColumn('holders', 'text', column => column.notNull())
      .execute()
  },
}
