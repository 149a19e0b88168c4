import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { OwnWorkspace, PortableSession, PortableWorkspaces } from '../../src/sessions/ports/index.ts'
import { makeRepository } from '../support/git.ts'
import { localWorkspaces } from '../support/local-workspaces.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'

const never = new AbortController().signal
const sessionId = '01234567-89ab-4cde-8f01-23456789abcd'

/** Two nodes with the same path for the directories of sessions, and one session. */
async function open(maxBytes = 1_000_000_000) {
  const root = temporaryDirectory()
  const snapshotsDir = join(root, 'snapshots')
  mkdirSync(snapshotsDir)
  const node = (name: string) => {
    const opened = localWorkspaces({ fileHistory: {} as never }, root, {
      portable: { node: name, snapshotsDir, maxBytes },
    })
    if (!opened.portable) throw new Error('directories are not portable')
    return { portable: opened.portable, provider: opened.providerOf('default') }
  }
  const [a, b] = [node('a'), node('b')]
  const request = { type: 'empty', removeOnEnd: false } as const
  const workspace: OwnWorkspace = await a.provider.provide(request, sessionId, never)
  const session: PortableSession = { id: sessionId, tenantId: 'default', workspace, snapshotId: null }
  const directory = join(snapshotsDir, 'default', sessionId)
  const { provider } = a
  return { root, a: a.portable, b: b.portable, provider, session, cwd: workspace.path, directory }
}

/** Stores the directory, and says that the session names it now. */
async function save(portable: PortableWorkspaces, session: PortableSession): Promise<PortableSession> {
  const stored = await portable.save(session, never)
  await stored.announce()
  await stored.confirm()
  return { ...session, snapshotId: stored.id }
}

const blobsIn = (directory: string) => readdirSync(join(directory, 'blobs'))

/** Sets the time of the last change back. */
function forgeTime(path: string): void {
  utimesSync(path, 1_000_000, 1_000_000)
}

describe('snapshots of directories', () => {
  test('a restored directory has the files, rights, links, times and names of the stored one', async () => {
    const { a, b, session, cwd } = await open()
    mkdirSync(join(cwd, 'tools/deep'), { recursive: true })
    writeFileSync(join(cwd, 'tools/run'), '#!/bin/sh', { mode: 0o755 })
    writeFileSync(join(cwd, 'tools/deep/two\nlines \u2028 "quoted"'), 'named')
    writeFileSync(Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from([0xff, 0xfe, 0x0a])]), 'bytes')
    writeFileSync(join(cwd, 'empty'), '')
    writeFileSync(join(cwd, 'large'), Buffer.alloc(3_000_001, 'x'))
    symlinkSync('tools/run', join(cwd, 'inside'))
    symlinkSync('/etc/passwd', join(cwd, 'outside'))
    symlinkSync('nowhere\n', join(cwd, 'dangling'))
    mkdirSync(join(cwd, 'locked'))
    writeFileSync(join(cwd, 'locked/file'), 'inside', { mode: 0o400 })
    chmodSync(join(cwd, 'locked'), 0o555)
    utimesSync(join(cwd, 'empty'), 1_000_000, 1_000_000)
    const saved = await save(a, session)
    const before = listing(cwd)
    expect(await b.restore(saved, never)).toEqual({ source: 'snapshot', missingFiles: 0 })
    expect(listing(cwd)).toEqual(before)
    expect(statSync(join(cwd, 'empty')).mtimeMs).toBe(1_000_000_000)
    expect(readlinkSync(join(cwd, 'outside'))).toBe('/etc/passwd')
    expect(await b.holds(saved)).toBe(true)
    expect(await b.holds({ ...saved, snapshotId: 'another' })).toBe(false)
  })

  test('what was there before is gone, and nothing stays beside it', async () => {
    const { a, b, session, cwd, root } = await open()
    writeFileSync(join(cwd, 'kept'), '1')
    const saved = await save(a, session)
    mkdirSync(join(cwd, 'later/read-only'), { recursive: true })
    chmodSync(join(cwd, 'later/read-only'), 0o555)
    await b.restore(saved, never)
    expect(readdirSync(cwd)).toEqual(['kept'])
    expect(readdirSync(join(root, 'data/workspaces'))).toEqual([sessionId])
  })

  test('files that have not changed are not read again; others are, whatever their times say', async () => {
    const { a, session, cwd, directory } = await open()
    for (const name of ['same', 'changed', 'forged']) writeFileSync(join(cwd, name), `first ${name}`)
    forgeTime(join(cwd, 'forged'))
    await pauseUntilCalm(cwd)
    const first = await save(a, session)
    const blobs = new Set(blobsIn(directory))
    const accessed = statSync(join(cwd, 'same')).atimeMs
    writeFileSync(join(cwd, 'changed'), 'other')
    writeFileSync(join(cwd, 'forged'), 'FIRST forged')
    forgeTime(join(cwd, 'forged'))
    const second = await save(a, first)
    expect(second.snapshotId).not.toBe(first.snapshotId)
    expect(statSync(join(cwd, 'same')).atimeMs).toBe(accessed)
    const added = blobsIn(directory).filter(name => !blobs.has(name))
    expect(added).toHaveLength(2)
    expect(blobsIn(directory)).toHaveLength(3)
    await pauseUntilCalm(cwd)
    const third = await save(a, second)
    const fourth = await save(a, third)
    expect(fourth.snapshotId).toBe(third.snapshotId)
    expect(readdirSync(join(directory, 'manifests'))).toHaveLength(1)
  })

  test('special files are left out, and nothing waits for them', async () => {
    const { a, b, session, cwd } = await open()
    spawnSync('mkfifo', [join(cwd, 'fifo')])
    spawnSync('python3', [
      '-c',
      'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
      join(cwd, 's'),
    ])
    writeFileSync(join(cwd, 'file'), '1')
    const stored = await a.save(session, never)
    expect(stored.leftOut).toBe(readdirSync(cwd).length - 1)
    await b.restore({ ...session, snapshotId: stored.id }, never)
    expect(readdirSync(cwd)).toEqual(['file'])
  })

  test('a tree deeper than any path', async () => {
    const { a, b, session, cwd } = await open()
    const program = join(import.meta.dirname, '../fixtures/make-deep-tree.ts')
    expect(spawnSync(process.execPath, [program, cwd, '2100'], { env: {} }).status).toBe(0)
    const saved = await save(a, session)
    spawnSync('rm', ['-rf', cwd])
    await b.restore(saved, never)
    const again = await save(b, saved)
    spawnSync('rm', ['-rf', cwd])
    expect(readFileSync(join(session.workspace.path, '../.snapshots.json'), 'utf8')).toContain(
      again.snapshotId,
    )
    const { entries } = JSON.parse(lastLine(again.snapshotId ?? ''))
    expect(entries).toBe(2101)

    function lastLine(id: string): string {
      const path = join(cwd, '../../../../snapshots/default', sessionId, 'manifests', `${id}.jsonl`)
      return readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? ''
    }
  })

  test('a file that is swapped for a link while it is stored never brings in what the link leads to', async () => {
    const { a, session, cwd, directory, root } = await open()
    const secret = join(root, 'secret')
    writeFileSync(secret, 'a secret of the server')
    writeFileSync(join(cwd, 'file'), 'a file')
    const program = join(import.meta.dirname, '../fixtures/swap-for-link.ts')
    const child = spawn(process.execPath, [program, join(cwd, 'file'), secret], {
      env: {},
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    await once(child.stdout, 'data')
    for (let round = 0; round < 100; round++) await a.save(session, never)
    child.stdin.end()
    await once(child, 'exit')
    for (const blob of blobsIn(directory)) {
      expect(readFileSync(join(directory, 'blobs', blob), 'utf8')).not.toContain('secret')
    }
  })

  test('too much is not stored, and leaves nothing', async () => {
    const { a, session, cwd, directory } = await open(2_000_000)
    writeFileSync(join(cwd, 'large'), Buffer.alloc(2_000_001))
    await expect(a.save(session, never)).rejects.toThrow()
    expect(blobsIn(directory)).toEqual([])
    expect(readdirSync(join(directory, 'manifests'))).toEqual([])
  })
})

describe('snapshots that are damaged or out of reach', () => {
  test('a content that is missing or damaged leaves an empty file, and is counted', async () => {
    const { a, b, session, cwd, directory } = await open()
    for (const name of ['one', 'two', 'three']) writeFileSync(join(cwd, name), name.repeat(100))
    const saved = await save(a, session)
    const [first = '', second = ''] = blobsIn(directory)
    rmSync(join(directory, 'blobs', first))
    writeFileSync(join(directory, 'blobs', second), 'something else')
    expect(await b.restore(saved, never)).toEqual({ source: 'snapshot', missingFiles: 2 })
    expect(readdirSync(cwd).filter(name => statSync(join(cwd, name)).size > 0)).toHaveLength(1)
  })

  test('a manifest that is cut off is no snapshot', async () => {
    const { a, b, session, cwd, directory } = await open()
    writeFileSync(join(cwd, 'one'), '1')
    const saved = await save(a, session)
    const manifest = join(directory, 'manifests', `${saved.snapshotId}.jsonl`)
    writeFileSync(manifest, readFileSync(manifest, 'utf8').split('\n').slice(0, -2).join('\n'))
    expect(await b.restore(saved, never)).toEqual({ source: 'empty', missingFiles: 0 })
    expect(readdirSync(cwd)).toEqual([])
  })

  test('a name that leads out is not one', async () => {
    const { a, b, session, cwd, directory, root } = await open()
    writeFileSync(join(cwd, 'one'), '1')
    const saved = await save(a, session)
    const manifest = join(directory, 'manifests', `${saved.snapshotId}.jsonl`)
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"name":"one"', '"name":"../../../one"'))
    expect(await b.restore(saved, never)).toMatchObject({ source: 'empty' })
    expect(existsSync(join(root, 'one'))).toBe(false)
  })

  test('where the snapshots cannot be reached, the directory stays as it is', async () => {
    const { a, b, session, cwd, directory } = await open()
    writeFileSync(join(cwd, 'one'), '1')
    const saved = await save(a, session)
    rmSync(directory, { recursive: true })
    await expect(b.restore(saved, never)).rejects.toMatchObject({ code: 'WORKSPACE_UNAVAILABLE' })
    expect(readdirSync(cwd)).toEqual(['one'])
  })
})

describe('a session without a snapshot', () => {
  test('has its repository cloned again', async () => {
    const { root, b, provider } = await open()
    const url = makeRepository(join(root, 'origin'))
    const id = '11234567-89ab-4cde-8f01-23456789abcd'
    const workspace = await provider.provide({ type: 'git', url, removeOnEnd: false }, id, never)
    const files = readdirSync(workspace.path)
    writeFileSync(join(workspace.path, 'later'), '1')
    const session: PortableSession = { id, tenantId: 'default', workspace, snapshotId: null }
    expect(await b.restore(session, never)).toEqual({ source: 'clone', missingFiles: 0 })
    expect(readdirSync(workspace.path)).toEqual(files)
    rmSync(url, { recursive: true })
    expect(await b.restore(session, never)).toEqual({ source: 'empty', missingFiles: 0 })
    expect(readdirSync(workspace.path)).toEqual([])
    expect(await b.holds(session)).toBe(true)
  })
})

describe('two nodes at one session', () => {
  test('a late one takes nothing away from the snapshot of the other', async () => {
    const { a, b, session, cwd } = await open()
    writeFileSync(join(cwd, 'one'), 'first')
    writeFileSync(join(cwd, 'two'), 'second')
    const first = await save(a, session)
    writeFileSync(join(cwd, 'one'), 'third')
    const late = await a.save(first, never)
    await late.announce()
    // The session names it, and then falls to another node, whose files are as those of the first snapshot.
    const taken = { ...session, snapshotId: late.id }
    await b.restore(taken, never)
    writeFileSync(join(cwd, 'one'), 'first')
    const newest = await save(b, taken)
    await late.confirm()
    expect(await a.restore(newest, never)).toEqual({ source: 'snapshot', missingFiles: 0 })
    expect(readFileSync(join(cwd, 'one'), 'utf8')).toBe('first')
  })

  test('one that is refused removes what it has stored, and only that', async () => {
    const { a, b, session, cwd, directory } = await open()
    writeFileSync(join(cwd, 'one'), 'first')
    const first = await save(a, session)
    writeFileSync(join(cwd, 'one'), 'second')
    const stale = await a.save(first, never)
    await stale.discard()
    expect(readdirSync(join(directory, 'manifests'))).toEqual([`${first.snapshotId}.jsonl`])
    await b.restore(first, never)
    expect(readFileSync(join(cwd, 'one'), 'utf8')).toBe('first')
  })

  test('a sweep removes old leftovers and the snapshots of sessions that are gone', async () => {
    const { a, b, session, cwd, directory } = await open()
    writeFileSync(join(cwd, 'one'), 'first')
    const first = await save(a, session)
    const stray = join(directory, 'blobs', `${'0'.repeat(64)}-00000000`)
    const fresh = join(directory, 'blobs', 'fresh.unfinished')
    for (const path of [stray, fresh]) writeFileSync(path, 'left')
    for (const path of [stray, ...blobsIn(directory).map(name => join(directory, 'blobs', name))]) {
      if (path !== fresh) utimesSync(path, 1_000, 1_000)
    }
    await a.sweep(async () => first.snapshotId)
    expect(existsSync(stray)).toBe(false)
    expect(existsSync(fresh)).toBe(true)
    expect(await b.restore(first, never)).toMatchObject({ missingFiles: 0 })
    await Promise.all([a.sweep(async () => undefined), b.sweep(async () => undefined)])
    expect(existsSync(directory)).toBe(false)
  })
})

/** Resolves when the last change of a file is long enough ago. */
async function pauseUntilCalm(cwd: string): Promise<void> {
  const newest = Math.max(...readdirSync(cwd).map(name => statSync(join(cwd, name)).ctimeMs))
  await until(() => Date.now() - newest > 2_100)
}

/** Everything below, by name as bytes. */
function listing(top: string | Buffer): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const name of readdirSync(top, { encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(top), Buffer.from('/'), name])
    const stats = lstatSync(path)
    const key = name.toString('latin1')
    if (stats.isDirectory()) all[key] = [stats.mode, listing(path)]
    else if (stats.isSymbolicLink()) all[key] = readlinkSync(path)
    else all[key] = [stats.mode, readFileSync(path, 'latin1')]
  }
  return all
}
