// The server of a later version, in a process of its own: it knows one migration more, which admits what the environment
// says. Otherwise as server-program.ts.
import type { Migration } from '../../src/store/migration.ts'
import { migrations } from '../../src/store/migrations/all.ts'

const admits = process.env.TEST_MIGRATION_ADMITS
const step: Migration = {
  name: '900-of-a-later-version',
  ...(admits !== undefined && { admits }),
  up: db => db.schema.alterTable('sessions').addColumn('of_a_later_version', 'text').execute(),
}
;(migrations as Migration[]).push(step)
await import('./server-program.ts')
