import type { Migration } from '../migration.ts'

export const processes: Migration = {
  name: '003-processes',
  async up(db) {
    // Of this machine and no tenant's: what runs, not what was said.
    await db.schema
      .createTable('processes')
      .addColumn('marker', 'text', column => column.primaryKey().notNull())
      .addColumn('pid', 'bigint', column => column.notNull())
      .addColumn('started_at', 'text', column => column.notNull())
      .addColumn('claude_session_id', 'text')
      .execute()
  },
}
