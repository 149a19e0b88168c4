import type { Migration } from '../migration.ts'

/** Lives of nodes, and which of them may write to a session. */
export const fences: Migration = {
  name: '032-fences',
  admits: '031-title-source',
  async up(db) {
    await db.schema
      .createTable('nodes')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('url', 'text', column => column.notNull())
      .addColumn('version', 'text', column => column.notNull())
      .addColumn('state', 'text', column => column.notNull())
      // By the clock of the database, in milliseconds.
      .addColumn('lease_until', 'bigint', column => column.notNull())
      .addColumn('slots_free', 'bigint', column => column.notNull())
      .addColumn('volumes', 'text', column => column.notNull())
      // The last batch that it has appended, so that none is applied twice.
      .addColumn('last_batch', 'bigint', column => column.notNull().defaultTo(0))
      .addColumn('last_result', 'text')
      .execute()
    await db.schema.alterTable('sessions').addColumn('owner', 'text').execute()
    // Null as 0: programs that do not know it leave it out.
    await db.schema.alterTable('sessions').addColumn('epoch', 'bigint').execute()
  },
}
