import type { Migration } from '../migration.ts'

export const consoleLogins: Migration = {
  name: '028-console-logins',
  async up(db) {
    await db.schema
      .createTable('console_logins')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('credential_hash', 'text', column => column.notNull())
      .addColumn('scopes', 'text', column => column.notNull())
      .addColumn('token', 'text')
      .addColumn('origin', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('last_used_at', 'bigint', column => column.notNull())
      .execute()
    // One row: cookies are named after it, because browsers send them to all ports of a host.
    await db.schema
      .createTable('console_instance')
      .addColumn('id', 'integer', column => column.primaryKey().notNull())
      .addColumn('name', 'text', column => column.notNull())
      .execute()
  },
}
