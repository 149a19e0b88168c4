import { type Kysely, sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const lists: Migration = {
  name: '027-lists',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('tags', 'text').execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('archived', 'integer', column => column.notNull().defaultTo(0))
      .execute()
    await indexLists(db)
    // Counts what waits in each session of a page.
    await db.schema
      .createIndex('permissions_waiting')
      .on('permissions')
      .column('session_id')
      .where(sql.ref('status'), '=', 'pending')
      .execute()
  },
}

/** Indexes that say whether a session is archived, so that lists read no row that they leave out. */
async function indexLists(db: Kysely<unknown>): Promise<void> {
  const indexes = {
    sessions_activity: ['tenant_id', 'last_activity_at', 'id', 'archived'],
    sessions_status_activity: ['tenant_id', 'status', 'last_activity_at', 'id', 'archived'],
    sessions_activity_everywhere: ['last_activity_at', 'id', 'archived', 'status'],
  }
  for (const [name, columns] of Object.entries(indexes)) {
    await db.schema.dropIndex(name).execute()
    await db.schema.createIndex(name).on('sessions').columns(columns).execute()
  }
}
