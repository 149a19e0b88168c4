import type { Migration } from '../migration.ts'

export const settings: Migration = {
  name: '006-settings',
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('settings', 'text', column => column.notNull().defaultTo('{}'))
      .execute()
    for (const column of ['structured_output', 'permission_denials']) {
      await db.schema.alterTable('turns').addColumn(column, 'text').execute()
    }
  },
}
