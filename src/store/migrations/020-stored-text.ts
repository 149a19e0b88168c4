import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const storedText: Migration = {
  name: '020-stored-text',
  async up(db) {
    // null: stored before the column existed.
    await db.schema.alterTable('events').addColumn('summary', 'text').execute()
    await db.schema.alterTable('events').addColumn('template', 'text').execute()
    await db.schema
      .createTable('payload_templates')
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('hash', 'text', column => column.notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('text', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('payload_templates_primary_key', ['session_id', 'hash'])
      .execute()
    await db.schema
      .createIndex('events_template')
      .on('events')
      .columns(['session_id', 'template'])
      .where(sql.ref('template'), 'is not', null)
      .execute()
  },
}
