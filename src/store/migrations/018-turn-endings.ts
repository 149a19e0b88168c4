import type { Migration } from '../migration.ts'

export const turnEndings: Migration = {
  name: '018-turn-endings',
  async up(db) {
    for (const column of ['notice', 'ending']) {
      await db.schema.alterTable('turns').addColumn(column, 'text').execute()
    }
  },
}
