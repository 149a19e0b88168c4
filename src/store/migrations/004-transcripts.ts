import type { Migration } from '../migration.ts'

export const transcripts: Migration = {
  name: '004-transcripts',
  async up(db) {
    await db.schema
      .createTable('transcript_entries')
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('claude_session_id', 'text', column => column.notNull())
      // Empty for the conversation's own: a part of a key cannot be null.
      .addColumn('subpath', 'text', column => column.notNull())
      .addColumn('position', 'bigint', column => column.notNull())
      .addColumn('uuid', 'text')
      .addColumn('entry', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('transcript_entries_key', [
        'tenant_id',
        'claude_session_id',
        'subpath',
        'position',
      ])
      .execute()
    await db.schema
      .createIndex('transcript_entries_uuid')
      .on('transcript_entries')
      .columns(['tenant_id', 'claude_session_id', 'subpath', 'uuid'])
      .unique()
      .execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('transcript', 'text', column => column.notNull().defaultTo('complete'))
      .execute()
  },
}
