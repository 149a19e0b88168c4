import type { Migration } from '../migration.ts'

/** The sealed part of a session's settings. */
export const secrets: Migration = {
  name: '011-secrets',
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('secrets', 'text', column => column.notNull().defaultTo('{}'))
      .execute()
  },
}
