import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const tasks: Migration = {
  name: '012-tasks',
  async up(db) {
    await db.schema
      .createTable('tasks')
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('id', 'text', column => column.notNull())
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('turn_id', 'text')
      .addColumn('type', 'text', column => column.notNull())
      .addColumn('description', 'text', column => column.notNull())
      .addColumn('tool_use_id', 'text')
      .addColumn('agent', 'text')
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('summary', 'text')
      .addColumn('started_at', 'bigint', column => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addPrimaryKeyConstraint('tasks_key', ['tenant_id', 'session_id', 'id'])
      .execute()
    await db.schema
      .createIndex('tasks_session')
      .on('tasks')
      .columns(['tenant_id', 'session_id', 'started_at', 'id'])
      .execute()
    await db.schema
      .createIndex('tasks_running')
      .on('tasks')
      .column('started_at')
      .where(sql.ref('status'), '=', 'running')
      .execute()
    // Whether a prompt may run a slash command: a turn that waits must not forget it.
    await db.schema
      .alterTable('turns')
      .addColumn('commands', 'integer', column => column.notNull().defaultTo(0))
      .execute()
  },
}
