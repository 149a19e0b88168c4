import type { Migration } from '../migration.ts'

/** What of a session's settings is sealed. */
export const secrets: Migration = {
  name: '011-secrets',
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('secrets', 'text', column => column.notNull().defaultTo('{}'))
      .execute()
  },
}
