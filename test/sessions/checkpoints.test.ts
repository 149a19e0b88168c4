import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localWorkspaces } from '../support/local-workspaces.ts'
import { caller, openSessions, plain, until } from '../support/open-sessions.ts'
import { playPrompt, ScriptedLauncher, type TurnScene } from '../support/scripted-launcher.ts'

type Change = [file: string, content: string | null]

/** A session whose turns change files as Claude's tools would. */
async function open(given: Parameters<typeof openSessions>[0] = {}) {
  let next: (scene: TurnScene) => Promise<void> = async () => {}
  const launcher = new ScriptedLauncher(async scene => {
    await next(scene)
    return playPrompt(scene)
  })
  const opened = await openSessions({ ...given, launcher })
  const { cwd, sessions, store, ask } = opened
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const scope = { tenantId: caller.tenantId, sessionId: id, directories: [cwd] as const }
  const at = (file: string) => join(cwd, file)
  const run = async (...changes: Change[]): Promise<string> => {
    next = async scene => {
      for (const [file, content] of changes) {
        await scene.write(at(file), async () => {
          if (content === null) await rm(at(file))
          else writeFileSync(at(file), content)
        })
      }
    }
    return (await ask(id, 'go')).id
  }
  const read = (file: string) => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : null)
  const { checkpoints } = localWorkspaces(store, cwd)
  return {
    ...opened,
    id,
    scope,
    at,
    run,
    read,
    checkpoints,
    kept: join(cwd, 'data', 'file-history', id, 'files'),
  }
}

describe('checkpoints', () => {
  test('put files back to before a turn, and forget what has been put back', async () => {
    const { scope, run, read, at, checkpoints } = await open()
    writeFileSync(at('a'), 'one\n', { mode: 0o755 })
    writeFileSync(at('gone'), 'bye\n')
    const first = await run(['a', 'two\n'])
    const second = await run(['a', 'three\n'], ['new', 'x\ny\n'], ['a', 'four\n'], ['gone', null])
    const plan = await checkpoints.planRestore(scope, second)
    expect(plan).toEqual({
      files: [
        { path: 'a', action: 'modify', insertions: 1, deletions: 1 },
        { path: 'gone', action: 'create', insertions: 1, deletions: 0 },
        { path: 'new', action: 'delete', insertions: 0, deletions: 2 },
      ],
      skipped: [],
    })
    expect(read('a')).toBe('four\n')
    expect(await checkpoints.restore(scope, second)).toEqual(plan)
    expect([read('a'), read('gone'), read('new')]).toEqual(['two\n', 'bye\n', null])
    expect(await checkpoints.planRestore(scope, second)).toEqual({ files: [], skipped: [] })
    await checkpoints.restore(scope, first)
    expect(read('a')).toBe('one\n')
    expect(statSync(at('a')).mode & 0o777).toBe(0o755)
  })

  test('leave what somebody else has changed since, unless told otherwise', async () => {
    const { scope, run, read, at, checkpoints } = await open()
    for (const file of ['after', 'between', 'within']) writeFileSync(at(file), 'old')
    const first = await run(['after', 'new'], ['between', 'new'])
    writeFileSync(at('between'), 'by hand')
    await run(['between', 'newer'])
    writeFileSync(at('after'), 'by hand')
    const reason = 'changed_by_others'
    const skipped = ['after', 'between'].map(path => ({ path, reason }))
    expect(await checkpoints.restore(scope, first)).toEqual({ files: [], skipped })
    expect([read('after'), read('between')]).toEqual(['by hand', 'newer'])
    const { files } = await checkpoints.restore(scope, first, { overwriteOthers: true })
    expect(files).toHaveLength(2)
    expect([read('after'), read('between')]).toEqual(['old', 'old'])
  })

  test('say of a file that was too large, or whose content is lost, that it stays', async () => {
    const { scope, run, at, checkpoints, kept } = await open()
    writeFileSync(at('large'), Buffer.alloc(11 * 1024 * 1024, 'x'))
    writeFileSync(at('lost'), 'old')
    const turn = await run(['large', 'small'], ['lost', 'new'])
    for (const name of readdirSync(kept)) writeFileSync(join(kept, name), 'something else')
    expect((await checkpoints.planRestore(scope, turn)).skipped).toEqual([
      { path: 'large', reason: 'too_large' },
      { path: 'lost', reason: 'lost' },
    ])
  })

  test('never write outside the directories of the session', async () => {
    const outside = (await open()).cwd
    const { scope, run, at, checkpoints, cwd } = await open()
    writeFileSync(join(outside, 'theirs'), 'theirs')
    mkdirSync(at('sub'))
    writeFileSync(at('sub/theirs'), 'old')
    symlinkSync(join(outside, 'theirs'), at('link'))
    const turn = await run(['sub/theirs', 'new'], ['link', 'changed'])
    // The directory is replaced by a way out.
    await rm(at('sub'), { recursive: true })
    symlinkSync(outside, at('sub'))
    const { files, skipped } = await checkpoints.restore(scope, turn, { overwriteOthers: true })
    expect(files).toEqual([])
    expect(skipped).toEqual([{ path: 'sub/theirs', reason: 'outside' }])
    expect(readFileSync(join(outside, 'theirs'), 'utf8')).toBe('changed')
    expect(existsSync(cwd)).toBe(true)
  })

  test('make directories again that are gone', async () => {
    const { scope, run, read, at, checkpoints } = await open()
    mkdirSync(at('x/y'), { recursive: true })
    writeFileSync(at('x/y/z'), 'deep')
    const turn = await run(['x/y/z', null])
    await rm(at('x'), { recursive: true })
    await checkpoints.restore(scope, turn)
    expect(read('x/y/z')).toBe('deep')
  })

  test('keep each content once, and only for the server', async () => {
    const { run, at, kept } = await open()
    for (const file of ['a', 'b']) writeFileSync(at(file), 'same')
    await run(['a', '1'], ['b', '2'])
    await run(['a', '3'])
    const names = readdirSync(kept)
    expect(names).toHaveLength(2)
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{64}$/)
      expect(statSync(join(kept, name)).mode & 0o077).toBe(0)
    }
  })

  test('go with the session when its time is over', async () => {
    const { sessions, store, id, run, at, cwd } = await open({ eventRetentionMs: 1 })
    writeFileSync(at('a'), 'old')
    await run(['a', 'new'])
    const history = join(cwd, 'data', 'file-history', id)
    expect(existsSync(history)).toBe(true)
    await sessions.end(caller, id)
    // The list has only sessions that ended before its time, so at first it may be empty for that reason.
    await until(() => !existsSync(history))
    await until(async () => (await store.fileHistory.listFileHistories(Date.now() + 60_000, 10)).length === 0)
  })

  test('that cannot be kept do not stop the tool', async () => {
    const { run, read, at, cwd, faults } = await open()
    writeFileSync(at('a'), 'old')
    mkdirSync(join(cwd, 'data'), { recursive: true })
    writeFileSync(join(cwd, 'data', 'file-history'), 'in the way')
    await run(['a', 'new'])
    expect(read('a')).toBe('new')
    expect(faults.length).toBeGreaterThan(0)
  })
})
