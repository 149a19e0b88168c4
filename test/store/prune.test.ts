import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, inject, onTestFinished, test } from 'vitest'
import { prune } from '../../src/app/prune.ts'
import { openStore } from '../../src/store/open-store.ts'
import { changeOf, messageEvent } from '../suites/store-records.ts'
import { fillStore } from '../support/filled-store.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const nothing = { olderThanMs: undefined, maxBytes: undefined, dryRun: false, compact: false }
const tenantId = 'tenant-a'

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`prune removes old sessions and unused transcripts from ${kind}, with their files; a dry run counts`, async () => {
    const dataDir = await temporaryDirectory()
    const file = join(dataDir, 'claude-code-api.db')
    const created = kind === 'postgres' ? await createDatabase(inject('postgresDirectory')) : undefined
    if (created) onTestFinished(() => created.drop())
    const database = created && { url: created.url }
    const places = { dataDir, workspacesDir: join(dataDir, 'workspaces'), database }
    const store = await openStore({ file, ...(database && { database }) })
    const active = await fillStore(store, dataDir)
    const recent = await fillStore(store, dataDir, { status: 'ended', endedAt: Date.now() - 100_000 })
    const old = await fillStore(store, dataDir, { status: 'expired', endedAt: 5 })
    const part = { tenantId, claudeSessionId: 'before a rewind', subpath: null }
    await store.transcripts.appendTranscript(part, [{ type: 'user', uuid: 'u' }])
    await expect(prune(places, nothing)).rejects.toThrow(`is in use by process ${process.pid} on `)
    await store.close()

    const counted = await prune(places, { ...nothing, olderThanMs: 1_000_000, maxBytes: 1_000, dryRun: true })
    expect(counted).toMatchObject({ sessions: 1, transcriptLines: 1 })
    expect(counted.excessBytes).toBeGreaterThan(0)
    const pruned = await prune(places, { ...nothing, olderThanMs: 1_000_000 })
    expect(pruned).toMatchObject({ sessions: 1, transcriptLines: 1, excessBytes: null })
    const reopened = await openStore({ file, ...(database && { database }) })
    expect(await reopened.findSession(tenantId, old.id)).toBeUndefined()
    expect(await reopened.transcripts.loadTranscript(part)).toBeNull()
    for (const { id, claudeSessionId } of [active, recent]) {
      expect(await reopened.findSession(tenantId, id)).toMatchObject({ lastSequence: 3 })
      expect(
        await reopened.transcripts.loadTranscript({ tenantId, claudeSessionId, subpath: null }),
      ).toHaveLength(1)
    }
    await reopened.close()
    expect(existsSync(join(dataDir, 'file-history', old.id))).toBe(false)
    expect(existsSync(join(dataDir, 'file-history', active.id))).toBe(true)
    // By size all that is over goes, and what is active stays.
    expect(await prune(places, { ...nothing, maxBytes: 1_000 })).toMatchObject({ sessions: 1 })
  })
}

test('--compact shrinks a file of an older program, which then shrinks by itself', async () => {
  const dataDir = await temporaryDirectory()
  const file = join(dataDir, 'claude-code-api.db')
  const places = { dataDir, workspacesDir: join(dataDir, 'workspaces'), database: undefined }
  const older = new DatabaseSync(file)
  older.exec('pragma auto_vacuum = none; pragma journal_mode = wal; vacuum')
  older.close()
  const store = await openStore({ file })
  const [one, two] = [
    await fillStore(store, dataDir, { status: 'ended', endedAt: 5 }),
    await fillStore(store, dataDir, { status: 'ended', endedAt: 50_000 }),
  ]
  for (const session of [one, two]) {
    await store.commit(changeOf(session, { events: [messageEvent('x'.repeat(3_000_000))] }))
  }
  await store.close()
  const full = statSync(file).size
  const olderThanMs = (endedAt: number) => Date.now() - endedAt - 1_000
  await prune(places, { ...nothing, olderThanMs: olderThanMs(5) })
  expect(statSync(file).size).toBe(full)
  const { fileBytes } = await prune(places, { ...nothing, compact: true })
  expect(fileBytes?.before).toBe(full)
  expect(fileBytes?.after).toBeLessThan(full * 0.7)
  const compacted = statSync(file).size
  expect(await prune(places, { ...nothing, olderThanMs: olderThanMs(50_000) })).toMatchObject({ sessions: 1 })
  expect(statSync(file).size).toBeLessThan(compacted * 0.2)
})

test('what cannot be pruned is said', async () => {
  const dataDir = await temporaryDirectory()
  const places = { dataDir, workspacesDir: join(dataDir, 'workspaces'), database: undefined }
  await expect(prune(places, nothing)).rejects.toThrow('There is no database')
  const database = { url: 'postgres://127.0.0.1:1/none' }
  await expect(prune({ ...places, database }, { ...nothing, compact: true })).rejects.toThrow(
    'is for SQLite files',
  )
  expect(existsSync(join(dataDir, 'claude-code-api.db'))).toBe(false)
})
