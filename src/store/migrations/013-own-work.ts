import type { Migration } from '../migration.ts'

export const autonomousWork: Migration = {
  name: '013-own-work',
  async up(db) {
    await db.schema
      .createTable('own_work')
      .addColumn('session_id', 'text', column =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('tenant_id', 'text', column => column.notNull())
      .addColumn('started_at', 'bigint', column => column.notNull())
      .addColumn('ended_at', 'bigint', column => column.notNull())
      .addColumn('usage', 'text')
      .addColumn('cost_usd', 'double precision')
      .addColumn('model_usage', 'text')
      .execute()
    await db.schema
      .createIndex('own_work_session')
      .on('own_work')
      .columns(['session_id', 'tenant_id'])
      .execute()
  },
}
