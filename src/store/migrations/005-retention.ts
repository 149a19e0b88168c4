import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const retention: Migration = {
  name: '005-retention',
  async up(db) {
    for (const column of ['trimmed_through', 'trimmed_messages']) {
      await db.schema
        .alterTable('sessions')
        .addColumn(column, 'bigint', definition => definition.notNull().defaultTo(0))
        .execute()
    }
    await db.schema
      .createIndex('sessions_trimmable')
      .on('sessions')
      .column('ended_at')
      .where(sql.ref('ended_at'), 'is not', null)
      .where(sql<boolean>`trimmed_through < last_sequence`)
      .execute()
  },
}
