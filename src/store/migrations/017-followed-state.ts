import type { Migration } from '../migration.ts'

export const followedState: Migration = {
  name: '017-followed-state',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('working_directory', 'text').execute()
    // The input that ran instead of the requested one, and permissions that an answer granted beyond its request.
    await db.schema.alterTable('permissions').addColumn('updated_input', 'text').execute()
    await db.schema.alterTable('permissions').addColumn('remembered', 'text').execute()
  },
}
