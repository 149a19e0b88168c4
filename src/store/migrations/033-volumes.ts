import type { Migration } from '../migration.ts'

/** Where the directory of a session is; null: on any node. */
export const volumes: Migration = {
  name: '033-volumes',
  admits: '031-title-source',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('volume', 'text').execute()
    // A node that leaves gives back what it owns.
    await db.schema.createIndex('sessions_of_owner').on('sessions').column('owner').execute()
  },
}
