import { expect, it } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import type { Migration } from '../../src/store/migration.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'

function addTable(name: string): Migration {
  return { name, up: db => db.schema.createTable(name).addColumn('id', 'text').execute() }
}

it('applies what is missing, in order, once', async () => {
  const connection = openConnection(':memory:')
  const steps = [addTable('001-a'), addTable('002-b')]
  await migrate(connection.db, ':memory:', steps.slice(0, 1))
  await migrate(connection.db, ':memory:', steps)
  await migrate(connection.db, ':memory:', steps)
  const applied = await connection.db.selectFrom('schema_migrations').select('name').execute()
  expect(applied).toEqual([{ name: '001-a' }, { name: '002-b' }])
  connection.close()
})

it('undoes a step that fails, keeps those before it', async () => {
  const connection = openConnection(':memory:')
  const broken: Migration = {
    name: '002-broken',
    async up(db) {
      await addTable('half').up(db, 'sqlite')
      throw new Error('broken')
    },
  }
  await expect(migrate(connection.db, ':memory:', [addTable('001-a'), broken])).rejects.toThrow('broken')
  await migrate(connection.db, ':memory:', [addTable('001-a'), addTable('half')])
  connection.close()
})

it('has migrations in the order of their names', () => {
  const names = migrations.map(migration => migration.name)
  expect(names).toEqual([...new Set(names)].sort())
  for (const name of names) expect(name).toMatch(/^\d{3}-[a-z-]+$/)
})
