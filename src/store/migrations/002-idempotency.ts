import type { Migration } from '../migration.ts'

export const idempotency: Migration = {
  name: '002-idempotency',
  async up(db) {
    await db.schema
      .createTable('idempotency_keys')
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('key', 'text', column => column.notNull())
      .addColumn('fingerprint', 'text', column => column.notNull())
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('turn_id', 'text')
      .addColumn('expires_at', 'bigint', column => column.notNull())
      // Whatever the program believes, the database admits no second request with a key.
      .addPrimaryKeyConstraint('idempotency_keys_key', ['tenant_id', 'created_by', 'key'])
      .execute()
    await db.schema
      .createIndex('idempotency_keys_expiry')
      .on('idempotency_keys')
      .column('expires_at')
      .execute()
    // For the removal of a session.
    await db.schema
      .createIndex('idempotency_keys_session')
      .on('idempotency_keys')
      .column('session_id')
      .execute()
  },
}
