import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const settingsInForce: Migration = {
  name: '015-settings-in-force',
  async up(db, dialect) {
    // The settings files that the session's process last read; null: not known.
    await db.schema.alterTable('sessions').addColumn('settings_in_force', 'text').execute()
    // No store on PostgreSQL is as old as that.
    if (dialect === 'postgres') return
    // Until now a session that named no sources read those of the project.
    await sql`update sessions set settings = json_set(settings, '$.settingSources', json('["project"]'))
      where json_type(settings, '$.settingSources') is null`.execute(db)
  },
}
