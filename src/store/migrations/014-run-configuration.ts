import type { Migration } from '../migration.ts'

export const runConfiguration: Migration = {
  name: '014-run-configuration',
  async up(db) {
    // A turn continues in another process with the configuration of the first one.
    await db.schema.alterTable('permissions').addColumn('runs_with', 'text').execute()
  },
}
