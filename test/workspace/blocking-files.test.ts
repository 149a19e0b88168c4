import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findBlocking } from '../../src/workspace/git/work-tree-watch.ts'
import { git, makeRepository } from '../support/git.ts'
import { openProvider } from './open-provider.ts'

type Operation = 'snapshot' | 'worktree' | 'clone'
const all: Operation[] = ['snapshot', 'worktree', 'clone']
const borrowing: Operation[] = ['worktree', 'clone']

/** Where something is put that keeps a reader waiting, and what reads there. */
const places: [string, Operation[]][] = [
  ['.git', all],
  ['.git/HEAD', all],
  ['.git/config', all],
  ['.git/commondir', all],
  ['.git/index', ['snapshot']],
  ['.git/info/exclude', ['snapshot']],
  ['.git/info/attributes', []],
  ['.git/packed-refs', borrowing],
  ['.git/refs/heads/main', borrowing],
  ['.git/refs/tags/some', borrowing],
  ['.git/logs/HEAD', borrowing],
  ['.git/shallow', borrowing],
  ['.git/objects/pack', all],
  ['.git/objects/pack/pack-1.idx', all],
  ['.git/objects/pack/multi-pack-index', all],
  ['.git/objects/info/alternates', all],
  ['.git/objects/info/commit-graph', []],
  ['.git/objects/ab', all],
  ['.git/objects/ab/cdef', all],
  ['.git/worktrees', ['worktree']],
  ['.git/worktrees/other/HEAD', ['worktree']],
  ['.git/config.worktree', []],
  ['.git/hooks/post-checkout', []],
  ['.gitignore', ['snapshot']],
  ['.gitattributes', ['snapshot']],
  ['.gitmodules', []],
  ['sub/dir/.gitignore', ['snapshot']],
  ['inner/.git', []],
  ['inner/.git/HEAD', ['snapshot']],
  ['inner/.git/commondir', ['snapshot']],
]

function makeFifo(path: string): void {
  execFileSync('mkfifo', [path], { env: { PATH: '/usr/bin:/bin' } })
}

function put(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(dirname(path), { recursive: true })
  make(path)
}

function openHostile(place: string, make: (path: string) => void) {
  const opened = openProvider()
  const cwd = makeRepository(join(opened.root, 'project'), { 'a.txt': 'one\n', 'sub/b.txt': 'two\n' })
  // Rules count for files that git has not seen yet.
  writeFileSync(join(cwd, 'new.txt'), 'new\n')
  if (place.startsWith('inner/.git/')) makeRepository(join(cwd, 'inner'))
  put(join(cwd, place), make)
  return { ...opened, cwd }
}

/** How an operation ends: `refused` is the error that says what is wrong with the repository. */
async function attempt(opened: ReturnType<typeof openHostile>, operation: Operation): Promise<string> {
  const { cwd, snapshot, worktree, clone } = opened
  if (operation === 'snapshot') {
    const result = await snapshot(cwd)
    if ('tree' in result) return 'done'
    return result.missing === 'unsafe_repository' ? 'refused' : result.missing
  }
  const made = operation === 'worktree' ? worktree(cwd) : clone(cwd)
  return made.then(
    () => 'done',
    error => (error.details?.reason === 'unsafe_repository' ? 'refused' : String(error)),
  )
}

describe.each(places)('a pipe at %s', (place, reading) => {
  test(`${reading.length === 0 ? 'is read by nothing' : `is refused: ${reading.join(', ')}`}`, async () => {
    const opened = openHostile(place, makeFifo)
    const answers = await Promise.all(
      all.map(async operation => [operation, await attempt(opened, operation)] as const),
    )
    expect(Object.fromEntries(answers)).toEqual(
      Object.fromEntries(all.map(operation => [operation, reading.includes(operation) ? 'refused' : 'done'])),
    )
    expect(readdirSync(join(opened.data, 'repositories'))).toEqual([])
  })
})

describe.each<[string, (path: string) => void]>([
  ['a device', path => symlinkSync('/dev/zero', path)],
  [
    'a file without end',
    path => {
      writeFileSync(path, '')
      truncateSync(path, 2 ** 42)
    },
  ],
])('%s', (_, make) => {
  test.each<[string, Operation]>([
    ['.git/HEAD', 'snapshot'],
    ['.git/index', 'snapshot'],
    ['.git/info/exclude', 'snapshot'],
    ['.git/objects/info/alternates', 'snapshot'],
    ['.git/packed-refs', 'clone'],
    ['.git/refs/heads/main', 'worktree'],
  ])('at %s is refused', async (place, operation) => {
    expect(await attempt(openHostile(place, make), operation)).toBe('refused')
  })
})

test('rules without end are not read to their end', async () => {
  const opened = openHostile('sub/.gitignore', path => {
    writeFileSync(path, '')
    truncateSync(path, 2 ** 42)
  })
  expect(await attempt(opened, 'snapshot')).not.toBe('done')
})

test('many at once keep no other session waiting', async () => {
  const hostile = Array.from({ length: 8 }, () => openHostile('.git/index', makeFifo))
  const good = makeRepository(join(hostile[0]?.root ?? '', 'good'))
  const refused = hostile.map(opened => attempt(opened, 'snapshot'))
  expect(await readFile(join(good, 'a.txt'), 'utf8')).toBe('one\n')
  expect(await hostile[0]?.snapshotsOf('good.git').writeTree([good])).toHaveProperty('tree')
  expect(await Promise.all(refused)).toEqual(Array(8).fill('refused'))
})

test('a pipe that comes while git is at work ends it', async () => {
  const { root, git: own } = openProvider()
  const cwd = makeRepository(join(root, 'project'))
  makeFifo(join(cwd, 'pipe'))
  const watch = (signal: AbortSignal) => findBlocking(cwd, cwd, signal)
  const hanging = own.run(['hash-object', '--no-filters', '--', 'pipe'], { cwd, timeoutMs: 60_000, watch })
  makeFifo(join(cwd, '.gitignore'))
  expect(await hanging).toMatchObject({ code: null, ended: 'blocked', stderr: join(cwd, '.gitignore') })
})

test('a repository without such files is unaffected', async () => {
  const { root, clone, worktree, snapshot } = openProvider()
  const cwd = makeRepository(join(root, 'project'))
  expect(await snapshot(cwd)).toHaveProperty('tree')
  const cloned = await clone(cwd)
  expect(git(cloned.path, 'status', '--porcelain')).toBe('')
  const linked = await worktree(cwd)
  expect(git(linked.path, 'status', '--porcelain')).toBe('')
  expect(git(cloned.path, 'rev-parse', 'HEAD')).toBe(git(cwd, 'rev-parse', 'HEAD'))
})
