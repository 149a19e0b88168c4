import type { Migration } from '../migration.ts'

/** The newest snapshot of a session's directory; null: the directory stays where it is. */
export const snapshots: Migration = {
  name: '036-snapshots',
  admits: '031-title-source',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('snapshot', 'text').execute()
  },
}
