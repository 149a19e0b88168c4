import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openStore, type StoreOptions } from '../../src/store/open-store.ts'
import { auditRecord } from '../suites/store-audit-cases.ts'
import { createDatabase, onServer } from '../support/postgres/shared-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const changes = [
  "update audit_log set key_id = 'someone else'",
  "update audit_log set details = details || ' '",
  'delete from audit_log',
]

async function addEntry(options: StoreOptions): Promise<void> {
  const store = await openStore(options)
  await store.audit.appendAudit([auditRecord()])
  await store.close()
}

test('entries in a file cannot be changed or removed by statements of any program', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  await addEntry({ file })
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(file)
  onTestFinished(() => database.close())
  for (const change of changes) expect(() => database.exec(change), change).toThrow(/append-only/)
  expect(database.prepare('select count(*) as count from audit_log').get()).toEqual({ count: 1 })
})

test('nor can those in PostgreSQL', async () => {
  const { url, drop } = await createDatabase(inject('postgresDirectory'))
  onTestFinished(drop)
  await addEntry({ file: join(await temporaryDirectory(), 'store.db'), database: { url } })
  await onServer(url, async client => {
    await client.query('set search_path = claude_code_api')
    for (const change of changes) await expect(client.query(change), change).rejects.toThrow(/append-only/)
    expect((await client.query('select id from audit_log')).rows).toHaveLength(1)
  })
})
