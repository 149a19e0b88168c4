import type { Migration } from '../migration.ts'

/** Facts that nodes tell each other through the database. */
export const revisions: Migration = {
  name: '034-revisions',
  admits: '031-title-source',
  async up(db) {
    await db.schema
      .createTable('revisions')
      .addColumn('name', 'text', column => column.primaryKey().notNull())
      .addColumn('value', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('redeemed_tickets')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .execute()
    // Of a life of a node, or '' for the key that sealed last.
    await db.schema
      .createTable('secret_fingerprints')
      .addColumn('owner', 'text', column => column.primaryKey().notNull())
      .addColumn('seals', 'text', column => column.notNull())
      .addColumn('opens', 'text', column => column.notNull())
      .execute()
  },
}
