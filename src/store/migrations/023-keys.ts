import type { Migration } from '../migration.ts'

export const keys: Migration = {
  name: '023-keys',
  async up(db) {
    await db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('scopes', 'text', column => column.notNull())
      .addColumn('session_id', 'text')
      .addColumn('limits', 'text', column => column.notNull())
      .addColumn('hash', 'text', column => column.notNull())
      .addColumn('previous_hash', 'text')
      .addColumn('previous_until', 'bigint')
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute()
    // For callers who see all tenants.
    await db.schema
      .createIndex('sessions_activity_everywhere')
      .on('sessions')
      .columns(['last_activity_at', 'id'])
      .execute()
  },
}
