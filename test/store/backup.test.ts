import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { backUp, verifyBackup } from '../../src/app/back-up.ts'
import { restore } from '../../src/app/restore.ts'
import type { StorePlaces } from '../../src/app/store-places.ts'
import { eventTypes } from '../../src/contract/events.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { listDumpedTables } from '../../src/store/dump/schema-at.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { openStore } from '../../src/store/open-store.ts'
import { makeHeader } from '../../src/workspace/backup/backup-format.ts'
import type { RowValue } from '../../src/workspace/backup/stored-rows.ts'
import { writeBackup } from '../../src/workspace/backup/write-backup.ts'
import { type TarEntry, tarBlockSize, toTarHeader } from '../../src/workspace/files/tar-header.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { fillStore, sumsOf } from '../support/filled-store.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const plain = { withWorkspaces: false, withSecrets: false, force: false }
const quiet = () => {}

/** An empty place of this kind. */
async function emptyPlaces(kind: 'sqlite' | 'postgres'): Promise<StorePlaces & { file: string }> {
  const top = await temporaryDirectory()
  const dataDir = join(top, 'data')
  await mkdir(dataDir)
  const places = {
    dataDir,
    workspacesDir: join(dataDir, 'workspaces'),
    file: join(dataDir, 'claude-code-api.db'),
  }
  if (kind === 'sqlite') return { ...places, database: undefined }
  const database = await createDatabase(inject('postgresDirectory'))
  onTestFinished(() => database.drop())
  return { ...places, database: { url: database.url } }
}

const open = ({ file, database }: StorePlaces & { file: string }): Promise<Store> =>
  openStore({ file, ...(database && { database }) })

async function filledPlaces(kind: 'sqlite' | 'postgres') {
  const places = await emptyPlaces(kind)
  const store = await open(places)
  const sessions = [await fillStore(store, places.dataDir), await fillStore(store, places.dataDir)]
  await store.close()
  return { ...places, sessions }
}

describe('a backup of', () => {
  for (const from of ['sqlite', 'postgres'] as const) {
    test(`${from} has everything, and can be restored into both stores`, async () => {
      const source = await filledPlaces(from)
      const workspace = join(source.workspacesDir, 'w-1')
      await mkdir(join(workspace, 'deep'), { recursive: true })
      await writeFile(join(workspace, 'deep', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
      await symlink('deep/run.sh', join(workspace, 'run'))
      await symlink('/etc/passwd', join(workspace, 'out'))
      await symlink('../../secret.key', join(workspace, 'up'))
      await writeFile(join(source.dataDir, 'secret.key'), 'a key\n')
      const archive = join(source.dataDir, '..', 'backup.tar.gz')
      const made = await backUp(archive, source, { ...plain, withWorkspaces: true, withSecrets: true }, quiet)
      const sums = await sumsOf(source.file, source.database)
      expect(made.rows).toEqual(
        Object.fromEntries(Object.entries(sums).map(([name, { rows }]) => [name, rows])),
      )
      for (const [name, { rows }] of Object.entries(sums)) {
        // Those that need a running turn, a long message, a webhook or a browser are empty.
        if (!/^turn_attachments$|^payload_templates$|^feed_removals$|^webhook|^push_/.test(name))
          expect(rows, name).toBeGreaterThan(0)
      }
      expect(made.skipped).toBe(2)
      expect((await stat(archive)).mode & 0o777).toBe(0o600)
      for (const to of ['sqlite', 'postgres'] as const) {
        const target = await emptyPlaces(to)
        await restore(archive, target, quiet)
        const { feed_head: _, feed_removals: __, ...others } = sums
        expect(await sumsOf(target.file, target.database)).toMatchObject(others)
        expect(existsSync(target.file)).toBe(to === 'sqlite')
        for (const { id } of source.sessions) {
          const [name = ''] = await readdir(join(target.dataDir, 'file-history', id, 'files'))
          expect(await readFile(join(target.dataDir, 'file-history', id, 'files', name), 'utf8')).toBe(
            `content of ${id}`,
          )
        }
        const restored = join(target.workspacesDir, 'w-1')
        expect((await readdir(restored)).sort()).toEqual(['deep', 'run'])
        expect(await readFile(join(restored, 'run'), 'utf8')).toBe('#!/bin/sh\n')
        expect((await stat(join(restored, 'run'))).mode & 0o111).toBe(0o100)
        expect(await readFile(join(target.dataDir, 'secret.key'), 'utf8')).toBe('a key\n')
        // It is a store like any other: it opens, and counting continues.
        const store = await open(target)
        const [session] = source.sessions
        if (!session) throw new Error('there is a session')
        expect(await store.commit(changeOf(session, { events: [messageEvent('c')] }))).toMatchObject([
          { sequence: 4 },
        ])
        // Readers who have seen more than was backed up are told so, instead of other events at the same positions.
        const all = { tenantId: undefined, sessionId: null, types: new Set(eventTypes) }
        const page = await store.feed.readPage({ ...all, after: 100, limit: 9, maxBytes: 1e6 })
        expect(page.events).toMatchObject([{ sequence: 4, position: page.head }])
        expect(page.removedThrough).toBe(page.head - 1)
        expect(page.removedThrough).toBeGreaterThan(1e9)
        await store.close()
        expect((await readdir(target.dataDir)).filter(name => name.startsWith('.'))).toEqual([])
      }
    })
  }

  test.each(['sqlite', 'postgres'] as const)(
    '%s that is written to meanwhile is of one moment',
    async kind => {
      const source = await emptyPlaces(kind)
      const store = await open(source)
      const session = await fillStore(store, source.dataDir)
      for (let count = 0; count < 5; count++) await fillStore(store, source.dataDir)
      const archive = join(source.dataDir, '..', 'backup.tar.gz')
      const writing: Promise<unknown>[] = []
      await backUp(archive, source, { ...plain, force: true }, ({ phase }) => {
        if (phase === 'verifying' || writing.length > 40) return
        writing.push(store.commit(changeOf(session, { events: [messageEvent('one'), messageEvent('more')] })))
        if (writing.length % 5 === 1) writing.push(fillStore(store, source.dataDir))
      })
      await Promise.all(writing)
      const { total } = await store.countSessions()
      await store.close()
      const target = await emptyPlaces('sqlite')
      const { rows } = await restore(archive, target, quiet)
      expect(writing.length).toBeGreaterThan(10)
      expect(rows.sessions).toBe(6)
      expect(total).toBeGreaterThan(6)
      expectConsistent(target)
    },
  )

  test('a session whose files are removed meanwhile is restored without their file history', async () => {
    const source = await filledPlaces('sqlite')
    const [gone, kept] = source.sessions
    await rm(join(source.dataDir, 'file-history', gone?.id ?? ''), { recursive: true })
    const archive = join(source.dataDir, '..', 'backup.tar.gz')
    await backUp(archive, source, plain, quiet)
    const target = await emptyPlaces('sqlite')
    await restore(archive, target, quiet)
    const database = new DatabaseSync(target.file, { readOnly: true })
    for (const table of ['checkpoints', 'snapshots', 'file_histories']) {
      expect(database.prepare(`select session_id from ${table}`).all()).toEqual([{ session_id: kept?.id }])
    }
    database.close()
  })
})

/** What the rows of each moment have in common. */
function expectConsistent({ file, dataDir }: { file: string; dataDir: string }): void {
  const database = new DatabaseSync(file, { readOnly: true })
  const all = (sql: string) => database.prepare(sql).all()
  expect(
    all(`select id from sessions s where last_sequence <> (select max(sequence) from events where session_id = s.id)
      or last_sequence <> (select count(*) from events where session_id = s.id)
      or message_count <> (select count(*) from events where session_id = s.id and type = 'message')
      or turn_count <> (select count(*) from turns where session_id = s.id)`),
  ).toEqual([])
  expect(all('pragma foreign_key_check')).toEqual([])
  expect(all('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(
    all(`select a.id from attachments a where complete = 1 and
      size_bytes <> (select sum(length(bytes)) from attachment_pieces where attachment_id = a.id)`),
  ).toEqual([])
  for (const { session_id: id, before } of all('select session_id, before from checkpoints')) {
    const { hash } = JSON.parse(String(before))
    expect(existsSync(join(dataDir, 'file-history', String(id), 'files', hash))).toBe(true)
  }
  database.close()
}

describe('a damaged backup', () => {
  let archive: Buffer
  let path: string
  beforeAll(async () => {
    const top = await mkdtemp(join(tmpdir(), 'claude-code-api-backup-'))
    const places = { dataDir: top, workspacesDir: join(top, 'workspaces'), database: undefined }
    const store = await openStore({ file: join(top, 'claude-code-api.db') })
    await fillStore(store, top)
    await store.close()
    path = join(top, 'backup.tar.gz')
    await backUp(path, places, plain, quiet)
    archive = await readFile(path)
    return () => rm(top, { recursive: true, force: true })
  })

  test('with one other bit anywhere is refused', async () => {
    const places = Array.from({ length: 97 }, (_, index) => Math.floor((index * archive.length) / 97))
    let refused = 0
    for (const place of [...places, 10, archive.length - 1, archive.length - 5, archive.length - 8]) {
      const damaged = Buffer.from(archive)
      damaged[place] = (damaged[place] ?? 0) ^ (1 << (place % 8))
      // Some bits say the same otherwise, and gzip's header has a time and the name of a system.
      if (unzipped(damaged)?.equals(gunzipSync(archive))) continue
      refused++
      await writeFile(`${path}.damaged`, damaged)
      await expect(verifyBackup(`${path}.damaged`, quiet), `byte ${place}`).rejects.toMatchObject({
        name: 'BackupError',
      })
    }
    expect(refused).toBeGreaterThan(50)
  })

  function unzipped(bytes: Buffer): Buffer | undefined {
    try {
      return gunzipSync(bytes)
    } catch {
      return undefined
    }
  }

  test('that is cut off anywhere, or has something behind its end, is refused, and nothing is restored', async () => {
    await writeFile(`${path}.cut`, archive)
    for (let length = archive.length - 1; length > 0; length -= Math.ceil(archive.length / 23)) {
      await truncate(`${path}.cut`, length)
      await expect(verifyBackup(`${path}.cut`, quiet), `${length} bytes`).rejects.toThrow(
        /damaged|not a backup/,
      )
    }
    const target = await emptyPlaces('sqlite')
    await expect(restore(`${path}.cut`, target, quiet)).rejects.toThrow()
    expect(await readdir(target.dataDir)).toEqual([])
    for (const more of [Buffer.from('more'), gzipSync('more'), archive]) {
      await writeFile(`${path}.long`, Buffer.concat([archive, more]))
      await expect(verifyBackup(`${path}.long`, quiet)).rejects.toThrow('damaged')
    }
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('not a backup')],
    ['another tar.gz', gzipSync(Buffer.concat([toTarHeader(entryOf({ path: 'a' })), Buffer.alloc(1024)]))],
    ['a gzip of zeros', gzipSync(Buffer.alloc(100_000))],
  ])('%s is not a backup', async (_, content) => {
    await writeFile(`${path}.other`, content)
    await expect(verifyBackup(`${path}.other`, quiet)).rejects.toMatchObject({ name: 'BackupError' })
  })
})

function entryOf(fields: Partial<TarEntry>): TarEntry {
  return { path: 'workspaces/w/a', type: 'File', mode: 0o644, sizeBytes: 0, modifiedAt: 0, ...fields }
}

/** A backup that is right but for what is added. */
async function craft(
  file: string,
  { more, rows = {}, names }: { more?: Buffer; rows?: Record<string, RowValue[][]>; names?: string[] },
): Promise<string> {
  const applied = names ?? migrations.map(({ name }) => name)
  const tables = await listDumpedTables(
    applied.filter(name => migrations.some(known => known.name === name)),
    'x',
  )
  const header = makeHeader({
    createdAt: new Date().toISOString(),
    program: '0',
    store: 'sqlite',
    migrations: applied,
    tables,
    parts: ['file-history', 'workspaces', 'secrets'],
    workspacesDir: '/w',
  })
  const tar = writeBackup({
    header,
    async *rows({ name }) {
      if (rows[name]) yield rows[name]
    },
    async *files() {},
    rest: async () => ({ withoutFiles: [], skipped: 0 }),
  })
  async function* withMore() {
    let count = 0
    for await (const piece of tar) {
      yield piece
      // Behind the header: its block, its content and the rest of its last block.
      if (++count === 3 && more) yield more
    }
  }
  await pipeline(Readable.from(withMore(), { objectMode: false }), createGzip(), createWriteStream(file))
  return file
}

describe('a hostile backup', () => {
  const block = (fields: Partial<TarEntry>) => toTarHeader(entryOf(fields))
  const hardLink = () => {
    const header = block({ path: 'workspaces/w/link' })
    header.write('1', 156)
    header.fill(' ', 148, 156)
    const sum = header.subarray(0, tarBlockSize).reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return header
  }
  test.each([
    ['a path that goes up', block({ path: 'workspaces/../../up' }), 'a path that is not allowed'],
    ['an absolute path', block({ path: '/tmp/absolute' }), 'a path that is not allowed'],
    ['a path through .', block({ path: 'workspaces/./w' }), 'a path that is not allowed'],
    [
      'a long path that goes up',
      block({ path: `workspaces/${'a/'.repeat(200)}../x` }),
      'a path that is not allowed',
    ],
    [
      'a path longer than any',
      block({ path: `workspaces/${'a/'.repeat(3000)}x` }),
      'a path that is not allowed',
    ],
    ['a link to /etc', block({ type: 'SymbolicLink', target: '/etc' }), 'a link that leads out'],
    [
      'a link that goes up',
      block({ type: 'SymbolicLink', target: '../../secret.key' }),
      'a link that leads out',
    ],
    [
      'a link in place of a workspace',
      block({ path: 'workspaces/w', type: 'SymbolicLink', target: '.' }),
      'a link that leads out',
    ],
    ['a hard link', hardLink(), 'a kind that is not allowed'],
    ['a database among secrets', block({ path: 'secrets/claude-code-api.db' }), 'does not belong there'],
    ['a file beside the parts', block({ path: 'claude-code-api.db' }), 'does not belong there'],
    ['a table that is not one', block({ path: 'store/sqlite_master/1.jsonl' }), 'does not belong there'],
    ['a second header', block({ path: 'backup.json' }), 'does not belong there'],
    ['a file of 8 GB of which nothing comes', block({ sizeBytes: 8e9 }), 'damaged'],
  ])('with %s is refused, and nothing is written', async (_, more, message) => {
    const target = await emptyPlaces('sqlite')
    const archive = await craft(join(target.dataDir, '..', 'hostile.tar.gz'), { more })
    await expect(restore(archive, target, quiet)).rejects.toThrow(message)
    expect(await readdir(target.dataDir)).toEqual([])
    expect((await readdir(join(target.dataDir, '..'))).sort()).toEqual(['data', 'hostile.tar.gz'])
  })

  test('with rows that do not fit leaves the target empty, in both stores', async () => {
    const session = await rowsOfSession()
    for (const rows of [
      { sessions: [...session, ...session] },
      { turn_attachments: [['no turn', 'no attachment']] },
    ]) {
      // Both are refused before the database is asked for.
      for (const kind of rows.sessions ? (['sqlite', 'postgres'] as const) : (['sqlite'] as const)) {
        const target = await emptyPlaces(kind)
        const archive = await craft(join(target.dataDir, '..', 'hostile.tar.gz'), { rows })
        await expect(restore(archive, target, quiet)).rejects.toMatchObject({ name: 'StoreOpenError' })
        expect((await readdir(target.dataDir)).filter(name => !name.endsWith('.lock'))).toEqual([])
        // What was refused leaves nothing in the way of the next one.
        const good = await craft(join(target.dataDir, '..', 'good.tar.gz'), { rows: { sessions: session } })
        await restore(good, target, quiet)
        expect((await sumsOf(target.file, target.database)).sessions?.rows).toBe(1)
      }
    }
  })
})

async function rowsOfSession(names = migrations.map(({ name }) => name)): Promise<RowValue[][]> {
  const places = await emptyPlaces('sqlite')
  const store = await open(places)
  await store.createSession(sessionRecord(), [], 1)
  await store.close()
  const database = new DatabaseSync(places.file, { readOnly: true })
  const table = (await listDumpedTables(names, 'x')).find(({ name }) => name === 'sessions')
  const row = database.prepare(`select ${table?.columns.join(', ')} from sessions`).get()
  database.close()
  return [Object.values(row ?? {}) as RowValue[]]
}

describe('a restore', () => {
  test('brings a backup of an older program to the shape of this one', async () => {
    const names = migrations.map(({ name }) => name).filter(name => name < '007')
    for (const kind of ['sqlite', 'postgres'] as const) {
      const target = await emptyPlaces(kind)
      const sessions = await rowsOfSession(names)
      await restore(
        await craft(join(target.dataDir, '..', 'old'), { names, rows: { sessions } }),
        target,
        quiet,
      )
      const store = await open(target)
      expect(await store.countSessions()).toEqual({ active: 1, total: 1 })
      await store.close()
    }
  })

  test('of a backup of a newer program is refused', async () => {
    const target = await emptyPlaces('sqlite')
    const names = [...migrations.map(({ name }) => name), '998-next']
    const archive = await craft(join(target.dataDir, '..', 'new'), { names })
    await expect(restore(archive, target, quiet)).rejects.toMatchObject({
      reason: 'newer',
      message: expect.stringContaining('"998-next"'),
    })
  })

  test('into a place that is not empty, or that a server holds, is refused and changes nothing', async () => {
    const source = await filledPlaces('sqlite')
    const archive = join(source.dataDir, '..', 'backup.tar.gz')
    await backUp(archive, source, plain, quiet)
    const sums = await sumsOf(source.file)
    await expect(restore(archive, source, quiet)).rejects.toThrow(`${source.file} exists already`)
    const store = await open(source)
    await expect(restore(archive, source, quiet)).rejects.toThrow(`is in use by process ${process.pid} on `)
    await store.close()
    expect(await sumsOf(source.file)).toEqual(sums)
    const target = await emptyPlaces('sqlite')
    await mkdir(join(target.dataDir, 'file-history', 'x'), { recursive: true })
    await expect(restore(archive, target, quiet)).rejects.toThrow('file-history exists already')
    expect(existsSync(target.file)).toBe(false)

    const database = await emptyPlaces('postgres')
    const served = await open(database)
    const other = await emptyPlaces('sqlite')
    const elsewhere = { ...other, database: database.database }
    await expect(restore(archive, elsewhere, quiet)).rejects.toThrow('is in use by process')
    expect(existsSync(join(other.dataDir, 'file-history'))).toBe(false)
    await served.createSession(sessionRecord(), [], 1)
    await served.close()
    await expect(restore(archive, elsewhere, quiet)).rejects.toThrow('has 1 sessions already')
    expect(existsSync(join(other.dataDir, 'file-history'))).toBe(false)
  })

  test('replaces no file that exists, unless it is told to', async () => {
    const source = await filledPlaces('sqlite')
    const archive = join(source.dataDir, '..', 'backup.tar.gz')
    await writeFile(archive, 'something else')
    await expect(backUp(archive, source, plain, quiet)).rejects.toThrow('--force')
    expect(await readFile(archive, 'utf8')).toBe('something else')
    await backUp(archive, source, { ...plain, force: true }, quiet)
    expect((await verifyBackup(archive, quiet)).rows.sessions).toBe(2)
    expect((await readdir(join(source.dataDir, '..'))).sort()).toEqual(['backup.tar.gz', 'data'])
  })
})
