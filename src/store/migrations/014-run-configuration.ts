import type { Migration } from '../migration.ts'

export const runConfiguration: Migration = {
  name: '014-run-configuration',
  async up(db) {
    // A turn goes on in another process with what the first one worked with.
    await db.schema.alterTable('permissions').addColumn('runs_with', 'text').execute()
  },
}
