import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from './temporary-directory.ts'

async function storeFile(): Promise<string> {
  return join(await temporaryDirectory(), 'store.db')
}

/** The super-user may write anywhere; file modes only bind others. */
function actAsOrdinaryUser(): void {
  if (process.geteuid?.() !== 0) return
  process.seteuid?.(65_534)
  onTestFinished(() => process.seteuid?.(0))
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

describe('what it leaves on the disk', () => {
  it('is for this user alone, and one file when closed', async () => {
    const file = join(await temporaryDirectory(), 'a', 'b', 'store.db')
    const store = await openStore({ file })
    await store.check()
    const names = ['store.db', 'store.db-shm', 'store.db-wal', 'store.db.lock', 'store.db.owner']
    expect((await readdir(dirname(file))).sort()).toEqual(names)
    for (const name of names) expect(await modeOf(join(dirname(file), name))).toBe('600')
    expect(await modeOf(dirname(file))).toBe('700')
    expect(await modeOf(dirname(dirname(file)))).toBe('700')
    await store.close()
    expect((await readdir(dirname(file))).sort()).toEqual(['store.db', 'store.db.lock'])
  })

  it('is there after a reopen', async () => {
    const file = await storeFile()
    const session = sessionRecord({ title: 'kept', metadata: { a: [1] } })
    const turn = turnRecord(session, { status: 'running' })
    const first = await openStore({ file })
    await first.createSession(session, [], 1)
    const events = await first.commit(
      changeOf(session, { insertTurn: turn, events: [messageEvent('a', turn.id), messageEvent('b')] }),
    )
    await first.close()
    const second = await openStore({ file })
    const query = { sessionId: session.id, after: 0, limit: 10 }
    expect(await second.listEvents(session.tenantId, query)).toEqual(events)
    const { turns } = await second.leftovers.takeLeftovers(session.tenantId, session.id, 9_000)
    expect(turns).toEqual([{ ...turn, firstSequence: 1, lastSequence: 1 }])
    const more = await second.commit(changeOf(session, { events: [messageEvent('c')] }))
    expect(more).toMatchObject([{ sequence: 3 }])
    await second.close()
  })
})

describe('one owner', () => {
  it('refuses a second store in the same process, by any path, and stays refused', async () => {
    const file = await storeFile()
    const link = `${dirname(file)}-link`
    await symlink(dirname(file), link)
    onTestFinished(() => rm(link))
    const store = await openStore({ file })
    for (const path of [file, join(link, 'store.db'), file]) {
      await expect(openStore({ file: path })).rejects.toMatchObject({
        reason: 'locked',
        message: expect.stringContaining(`is in use by process ${process.pid} on `),
      })
    }
    await store.check()
    await store.close()
    await (await openStore({ file })).close()
  })

  it('is refused even when the text that names the owner is missing or nonsense', async () => {
    const file = await storeFile()
    const store = await openStore({ file })
    await writeFile(`${file}.owner`, '{"pid":')
    await expect(openStore({ file })).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining('is in use by another process'),
    })
    await store.close()
  })

  it('lets go of the file when opening fails', async () => {
    const file = await storeFile()
    await writeFile(file, 'this is no database, only a long enough text'.repeat(100))
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openStore({ file })).rejects.toMatchObject({ reason: 'corrupt' })
    }
    expect((await readdir(dirname(file))).sort()).toEqual(['store.db', 'store.db.lock'])
  })
})

describe('a database that cannot be used', () => {
  it('of a newer program is refused by name and left as it was', async () => {
    const file = await storeFile()
    await (await openStore({ file })).close()
    const database = new DatabaseSync(file)
    database.exec("insert into schema_migrations values ('999-from-the-future', 1)")
    database.close()
    const before = await readFile(file)
    await expect(openStore({ file })).rejects.toMatchObject({
      reason: 'newer',
      file,
      message: expect.stringMatching(
        /store\.db is newer than this program.*"999-from-the-future".*"\d{3}-[\w-]+"/,
      ),
    })
    expect(await readFile(file)).toEqual(before)
  })

  it('damaged in the middle is said to be damaged', async () => {
    const file = await storeFile()
    await (await openStore({ file })).close()
    const bytes = await readFile(file)
    bytes.fill(0xff, 100, 8_192)
    await writeFile(file, bytes)
    await expect(openStore({ file })).rejects.toMatchObject({
      reason: 'corrupt',
      message: expect.stringContaining(file),
    })
  })

  it('in a directory that is a file, or as a directory, is said to be unreadable', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'plain'), '')
    await mkdir(join(directory, 'folder'))
    for (const file of [join(directory, 'plain', 'store.db'), join(directory, 'folder')]) {
      await expect(openStore({ file })).rejects.toMatchObject({
        name: 'StoreOpenError',
        reason: 'unreadable',
        message: expect.stringContaining(file),
      })
    }
  })

  it('in a read-only directory is said to be unreadable', async () => {
    const directory = await temporaryDirectory()
    await chmod(directory, 0o555)
    actAsOrdinaryUser()
    const file = join(directory, 'store.db')
    for (const path of [file, join(directory, 'new', 'store.db')]) {
      await expect(openStore({ file: path })).rejects.toMatchObject({
        reason: 'unreadable',
        message: expect.stringContaining(path),
      })
    }
  })

  it('as a read-only file is said to be unreadable', async () => {
    const directory = await temporaryDirectory()
    const file = join(directory, 'store.db')
    await (await openStore({ file })).close()
    await chmod(file, 0o444)
    await chmod(`${file}.lock`, 0o666)
    await chmod(directory, 0o777)
    actAsOrdinaryUser()
    await expect(openStore({ file })).rejects.toMatchObject({
      reason: 'unreadable',
      message: expect.stringContaining(file),
    })
  })
})
