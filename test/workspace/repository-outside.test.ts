import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { git, makeRepository } from '../support/git.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { openProvider } from './open-provider.ts'

const secret = 'not for anybody'

/** A repository inside the root, and one outside whose content must not be had through it. */
function open() {
  const opened = openProvider()
  const cwd = makeRepository(join(opened.root, 'trick'))
  const foreign = makeRepository(join(opened.outside, 'foreign'), { 'secret.txt': secret })
  return { ...opened, cwd, foreign, own: join(cwd, '.git'), other: join(foreign, '.git') }
}
type Opened = ReturnType<typeof open>

function replace(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true, force: true })
  make(path)
}

const ways: [string, (opened: Opened) => void][] = [
  ['a file .git', ({ own, other }) => replace(own, path => writeFileSync(path, `gitdir: ${other}\n`))],
  [
    'a file .git with a relative path',
    ({ own }) => replace(own, path => writeFileSync(path, 'gitdir: ../../outside/foreign/.git\n')),
  ],
  ['a link .git', ({ own, other }) => replace(own, path => symlinkSync(other, path))],
  ['commondir', ({ own, other }) => writeFileSync(join(own, 'commondir'), `${other}\n`)],
  [
    'alternates',
    ({ own, other }) => writeFileSync(join(own, 'objects/info/alternates'), `${join(other, 'objects')}\n`),
  ],
  [
    'alternates of alternates',
    ({ root, own, other }) => {
      const between = makeRepository(join(root, 'between'))
      writeFileSync(join(own, 'objects/info/alternates'), '../../../between/.git/objects\n')
      appendFileSync(join(between, '.git/objects/info/alternates'), `${join(other, 'objects')}\n`)
    },
  ],
  [
    'a link objects',
    ({ own, other }) => replace(join(own, 'objects'), path => symlinkSync(join(other, 'objects'), path)),
  ],
  [
    'a link pack',
    ({ own, other }) =>
      replace(join(own, 'objects/pack'), path => symlinkSync(join(other, 'objects/pack'), path)),
  ],
  [
    'a linked directory of objects',
    ({ own, foreign, other }) => {
      const id = git(foreign, 'rev-parse', 'HEAD').slice(0, 2)
      replace(join(own, 'objects', id), path => symlinkSync(join(other, 'objects', id), path))
    },
  ],
  [
    'linked packs',
    ({ own, foreign, other }) => {
      git(foreign, 'gc', '--quiet')
      const names = execFileSync('ls', [join(other, 'objects/pack')], {
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      })
      mkdirSync(join(own, 'objects/pack'), { recursive: true })
      for (const name of names.trim().split('\n')) {
        symlinkSync(join(other, 'objects/pack', name), join(own, 'objects/pack', name))
      }
    },
  ],
]

describe.each(ways)('%s that leads out', (name, make) => {
  test('hands nothing out: no clone, no working tree, no snapshot', async () => {
    const opened = open()
    make(opened)
    const { cwd, foreign, snapshot, clone, worktree } = opened
    const refusal = { code: expect.stringMatching(/^WORKSPACE_(NOT_ALLOWED|FAILED)$/) }
    await expect(clone(cwd), name).rejects.toMatchObject(refusal)
    await expect(worktree(cwd)).rejects.toMatchObject(refusal)
    await expect(worktree(cwd, { base: git(foreign, 'rev-parse', 'HEAD') })).rejects.toMatchObject(refusal)
    expect(await snapshot(cwd)).toMatchObject({ missing: 'unsafe_repository' })
  })
})

test('what leads out is 403, whether or not anything is there', async () => {
  const { cwd, own, outside, clone } = open()
  const answers = []
  for (const target of ['foreign/.git', 'nothing/at/all']) {
    replace(own, path => writeFileSync(path, `gitdir: ${join(outside, target)}\n`))
    answers.push(await clone(cwd).catch(error => [error.code, error.message]))
  }
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]).toEqual(['WORKSPACE_NOT_ALLOWED', expect.not.stringContaining(outside)])
})

test("the server's own directories are not a repository's, nor is another session's clone", async () => {
  const { root, data, cwd, own, clone, snapshot } = open()
  const other = await clone(cwd)
  for (const target of [join(other.path, '.git'), join(data, 'snapshots.git')]) {
    const trick = join(root, `trick-${target.length}`)
    mkdirSync(trick)
    writeFileSync(join(trick, '.git'), `gitdir: ${target}\n`)
    await expect(clone(trick)).rejects.toMatchObject({ code: 'WORKSPACE_NOT_ALLOWED' })
    expect(await snapshot(trick)).toMatchObject({ missing: 'unsafe_repository' })
  }
  // Its own is.
  expect(await snapshot(other.path)).toHaveProperty('tree')
  expect(own).toContain('trick')
})

test('a root below a repository does not hand out what is above it', async () => {
  const whole = temporaryDirectory()
  makeRepository(whole, { 'secret.txt': secret, 'part/deep/a.txt': 'one\n' })
  const part = join(whole, 'part')
  const opened = openProvider({}, { root: part })
  for (const directory of [part, join(part, 'deep')]) {
    expect(await opened.snapshot(directory)).toEqual({ missing: 'no_repository' })
    for (const make of [opened.worktree, opened.clone]) {
      await expect(make(directory)).rejects.toMatchObject({ details: { reason: 'not_a_repository' } })
    }
  }
})

test('a snapshot holds nothing of a directory of the server, whatever the rules say', async () => {
  const root = temporaryDirectory()
  const cwd = makeRepository(join(root, 'project'))
  const { data, snapshot, snapshotsOf } = openProvider({}, { root, data: join(cwd, 'server') })
  writeFileSync(join(data, 'secret.key'), secret)
  writeFileSync(join(cwd, '.gitignore'), '!server\n!server/**\n')
  const result = await snapshot(cwd)
  if (!('tree' in result)) throw new Error(result.said)
  const listed = await snapshotsOf('snapshots.git').run(['ls-tree', '-r', '--name-only', result.tree])
  expect(listed.stdout.toString().trim().split('\n')).toEqual(['.gitignore', 'a.txt'])
})

test('a repository inside the working tree that leads out says nothing of what is there', async () => {
  const { cwd, other, foreign, snapshot, snapshotsOf } = open()
  mkdirSync(join(cwd, 'inner'))
  writeFileSync(join(cwd, 'inner', '.git'), `gitdir: ${other}\n`)
  const result = await snapshot(cwd)
  if (!('tree' in result)) throw new Error(result.said)
  const listed = await snapshotsOf('snapshots.git').run(['ls-tree', '-r', result.tree])
  expect(listed.code).toBe(0)
  expect(listed.stdout.toString()).not.toContain(git(foreign, 'rev-parse', 'HEAD'))
})

test('a repository with alternates, linked working trees and submodules inside the root works', async () => {
  const { root, clone, worktree, snapshot } = openProvider()
  const origin = makeRepository(join(root, 'origin'), { 'a.txt': 'one\n' })
  git(root, 'clone', '--quiet', '--shared', origin, 'shared')
  const shared = join(root, 'shared')
  git(shared, 'worktree', 'add', '--quiet', '-b', 'linked', join(root, 'linked'))
  git(origin, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', shared, 'module')
  for (const path of [shared, join(root, 'linked'), join(origin, 'module')]) {
    expect(await snapshot(path), path).toHaveProperty('tree')
    expect(git((await clone(path)).path, 'show', 'HEAD:a.txt')).toBe('one')
    expect(git((await worktree(path)).path, 'status', '--porcelain')).toBe('')
  }
  cpSync(origin, join(root, 'copy'), { recursive: true })
  expect(await snapshot(join(root, 'copy'))).toHaveProperty('tree')
})

test('a repository whose references are in another form is refused, not taken for an empty one', async () => {
  const { cwd, own, clone, worktree, snapshot } = open()
  mkdirSync(join(own, 'reftable'))
  const refusal = { details: { reason: 'unsafe_repository' } }
  await expect(clone(cwd)).rejects.toMatchObject(refusal)
  await expect(worktree(cwd)).rejects.toMatchObject(refusal)
  expect(await snapshot(cwd)).toHaveProperty('tree')
})
