import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const webhooks: Migration = {
  name: '021-webhooks',
  async up(db) {
    await db.schema
      .createTable('webhooks')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('url', 'text', column => column.notNull())
      .addColumn('events', 'text', column => column.notNull())
      .addColumn('secrets', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('disabled_at', 'bigint')
      .addColumn('disabled_reason', 'text')
      .addColumn('last_delivered_at', 'bigint')
      .execute()
    await db.schema
      .createTable('webhook_deliveries')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      // Not a foreign key: a webhook that is deleted meanwhile must not undo the change of a session.
      .addColumn('webhook_id', 'text', column => column.notNull())
      .addColumn('type', 'text', column => column.notNull())
      .addColumn('payload', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('attempts', 'bigint', column => column.notNull())
      .addColumn('response_status', 'bigint')
      .addColumn('failure', 'text')
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('last_attempt_at', 'bigint')
      .addColumn('next_attempt_at', 'bigint')
      .execute()
    await db.schema
      .createIndex('webhook_deliveries_list')
      .on('webhook_deliveries')
      .columns(['webhook_id', 'created_at', 'id'])
      .execute()
    await db.schema
      .createIndex('webhook_deliveries_status')
      .on('webhook_deliveries')
      .columns(['webhook_id', 'status', 'created_at', 'id'])
      .execute()
    await db.schema
      .createIndex('webhook_deliveries_pending')
      .on('webhook_deliveries')
      .columns(['webhook_id', 'next_attempt_at'])
      .where(sql.ref('status'), '=', 'pending')
      .execute()
    await db.schema
      .createIndex('webhook_deliveries_over')
      .on('webhook_deliveries')
      .column('created_at')
      .where(sql.ref('status'), '!=', 'pending')
      .execute()
  },
}
