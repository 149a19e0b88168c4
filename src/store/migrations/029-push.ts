import type { Migration } from '../migration.ts'

export const push: Migration = {
  name: '029-push',
  async up(db) {
    await db.schema
      .createTable('push_subscriptions')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('key_version', 'text')
      .addColumn('session_id', 'text')
      .addColumn('service', 'text', column => column.notNull())
      .addColumn('endpoint_hash', 'text', column => column.notNull())
      .addColumn('secrets', 'text', column => column.notNull())
      .addColumn('events', 'text', column => column.notNull())
      .addColumn('include_title', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint')
      .execute()
    await db.schema
      .createIndex('push_subscriptions_endpoint')
      .on('push_subscriptions')
      .columns(['tenant_id', 'created_by', 'endpoint_hash'])
      .unique()
      .execute()
    await db.schema
      .createTable('push_keys')
      .addColumn('public_key', 'text', column => column.primaryKey().notNull())
      .addColumn('private_key', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .execute()
  },
}
