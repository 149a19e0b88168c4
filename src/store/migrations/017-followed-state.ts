import type { Migration } from '../migration.ts'

export const followedState: Migration = {
  name: '017-followed-state',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('working_directory', 'text').execute()
    // What ran in place of what was asked, and what an answer allowed beyond its request.
    await db.schema.alterTable('permissions').addColumn('updated_input', 'text').execute()
    await db.schema.alterTable('permissions').addColumn('remembered', 'text').execute()
  },
}
