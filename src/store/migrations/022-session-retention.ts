import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const sessionRetention: Migration = {
  name: '022-session-retention',
  // An index alone.
  admits: '021-webhooks',
  async up(db) {
    await db.schema
      .createIndex('sessions_ended')
      .on('sessions')
      // Not the time alone: it would be taken for events that are due as well, which have an index of their own.
      .columns(['status', 'ended_at'])
      .where(sql.ref('ended_at'), 'is not', null)
      .execute()
  },
}
