import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const lostTurns: Migration = {
  name: '016-lost-turns',
  async up(db) {
    // There are few such events among many: which turns they name is asked when a conversation lacks some.
    await sql`create index events_lost on events (session_id, sequence) where type = 'conversation.lost'`.execute(
      db,
    )
  },
}
