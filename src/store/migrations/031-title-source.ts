import { sql } from 'kysely'
import type { Migration } from '../migration.ts'

export const titleSource: Migration = {
  name: '031-title-source',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('title_source', 'text').execute()
    // Until now only callers gave titles.
    await sql`update sessions set title_source = 'caller' where title is not null`.execute(db)
  },
}
