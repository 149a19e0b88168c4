import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const permissions: Migration = {
  name: '007-permissions',
  async up(db) {
    await db.schema
      .createTable('permissions')
      .addColumn('id', 'text', column => column.primaryKey().notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('turn_id', 'text')
      .addColumn('kind', 'text', column => column.notNull())
      .addColumn('tool_name', 'text', column => column.notNull())
      .addColumn('tool_use_id', 'text')
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('request', 'text', column => column.notNull())
      .addColumn('answer', 'text')
      .addColumn('requested_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .addColumn('decided_at', 'bigint')
      .addColumn('decided_by', 'text')
      .addColumn('message', 'text')
      .execute()
    await db.schema
      .createIndex('permissions_session')
      .on('permissions')
      .columns(['tenant_id', 'session_id', 'requested_at', 'id'])
      .execute()
    await db.schema
      .createIndex('permissions_tenant')
      .on('permissions')
      .columns(['tenant_id', 'requested_at', 'id'])
      .execute()
    await db.schema
      .createIndex('permissions_pending')
      .on('permissions')
      .columns(['tenant_id', 'requested_at', 'id'])
      .where(sql.ref('status'), '=', 'pending')
      .execute()
    // Answered, but no process has been told yet.
    await db.schema
      .createIndex('permissions_undelivered')
      .on('permissions')
      .column('requested_at')
      .where(sql.ref('answer'), 'is not', null)
      .execute()
    // Permissions granted for the rest of a session: a new process must know them.
    await db.schema
      .alterTable('sessions')
      .addColumn('remembered', 'text', column => column.notNull().defaultTo('[]'))
      .execute()
  },
}
