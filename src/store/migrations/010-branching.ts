import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const branching: Migration = {
  name: '010-branching',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('forked_from', 'text').execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('rewound', 'text', column => column.notNull().defaultTo('[]'))
      .execute()
    // The message of a prompt has the id of the turn that it began.
    await db.schema
      .createIndex('events_prompts')
      .on('events')
      .columns(['session_id', 'tenant_id', 'sequence'])
      .where(sql.ref('type'), '=', 'message')
      .where(sql<boolean>`message_id = turn_id`)
      .execute()
  },
}
