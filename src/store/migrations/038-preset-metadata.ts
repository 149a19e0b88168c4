import type { Migration } from '../migration.ts'

export const presetMetadata: Migration = {
  name: '038-preset-metadata',
  admits: '031-title-source',
  async up(db) {
    await db.schema
      .alterTable('preset_versions')
      .addColumn('metadata', 'text', column => column.notNull().defaultTo('{}'))
      .execute()
  },
}
