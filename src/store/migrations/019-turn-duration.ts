import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const turnDuration: Migration = {
  name: '019-turn-duration',
  async up(db, dialect) {
    await db.schema.alterTable('turns').addColumn('duration_ms', 'bigint').execute()
    if (dialect === 'postgres') return
    // All that is added up over a session, without its prompts and answers.
    await db.schema.dropIndex('turns_usage').execute()
    await db.schema
      .createIndex('turns_usage')
      .on('turns')
      .columns([
        'session_id',
        'tenant_id',
        'started_at',
        'ended_at',
        'duration_ms',
        'cost_usd',
        'usage',
        'model_usage',
      ])
      .where(sql.ref('started_at'), 'is not', null)
      .execute()
  },
}
