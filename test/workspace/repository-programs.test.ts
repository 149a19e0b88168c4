import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { git, makeRepository } from '../support/git.ts'
import { openProvider } from './open-provider.ts'

/** A program that leaves a file of its name, and then does what `cat` does. */
const marker = (marks: string, name: string) => `touch ${join(marks, name)}; cat`

/** Every setting that names a program to run or a place to fetch from, each with a mark of its own. */
function toSettings(marks: string, prefix: string): string {
  const run = (name: string) => JSON.stringify(marker(marks, `${prefix}-${name}`))
  return `
[filter "evil"]
	smudge = ${run('smudge')}
	clean = ${run('clean')}
	required = true
[filter "long"]
	process = ${run('process')}
[core]
	fsmonitor = ${run('fsmonitor')}
	hooksPath = ${JSON.stringify(join(marks, '..', 'hooks'))}
	sshCommand = ${run('ssh')}
	pager = ${run('pager')}
	editor = ${run('editor')}
	gitProxy = ${run('proxy')}
	askPass = ${run('askpass')}
	alternateRefsCommand = ${run('alternate-refs')}
	attributesFile = ${JSON.stringify(join(marks, '..', 'attributes'))}
	worktree = ${JSON.stringify(join(marks, '..', 'elsewhere'))}
[diff]
	external = ${run('diff')}
[diff "evil"]
	textconv = ${run('textconv')}
	command = ${run('diff-command')}
[merge "evil"]
	driver = ${run('merge')}
[credential]
	helper = ${run('credential')}
[uploadpack]
	packObjectsHook = ${run('pack-objects')}
[gpg]
	program = ${run('gpg')}
[sequence]
	editor = ${run('sequence')}
[alias]
	add = ${JSON.stringify(`!${marker(marks, `${prefix}-alias`)}`)}
	read-tree = ${JSON.stringify(`!${marker(marks, `${prefix}-alias`)}`)}
[remote "origin"]
	url = ${JSON.stringify(`ext::sh -c touch% ${join(marks, `${prefix}-ext`)}`)}
	fetch = +refs/heads/*:refs/remotes/origin/*
	uploadpack = ${run('uploadpack')}
	vcs = ext
[protocol "ext"]
	allow = always
[submodule]
	recurse = true
[maintenance]
	auto = true
[gc]
	auto = 1
`
}

const conditions = [
  'include',
  'includeIf "onbranch:**"',
  'includeIf "gitdir:**"',
  'includeIf "gitdir/i:/**"',
  'includeIf "hasconfig:remote.*.url:**"',
]

function open() {
  const opened = openProvider()
  const marks = join(opened.outside, 'marks')
  const hooks = join(opened.outside, 'hooks')
  for (const directory of [marks, hooks]) mkdirSync(directory, { recursive: true })
  writeFileSync(join(opened.outside, 'attributes'), '* filter=evil\n')
  const attributes = '*.txt filter=evil diff=evil merge=evil\n*.bin filter=long\n'
  const files = { 'a.txt': 'one\n', 'b.bin': 'two\n', '.gitattributes': attributes, 'sub/c.txt': 'three\n' }
  const cwd = makeRepository(join(opened.root, 'project'), files)
  const addHooks = (directory: string, prefix: string) => {
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-auto-gc']) {
      const script = `#!/bin/sh\ntouch ${join(marks, `${prefix}-${hook}`)}\n`
      writeFileSync(join(directory, hook), script, { mode: 0o755 })
    }
  }
  mkdirSync(join(cwd, '.git', 'hooks'), { recursive: true })
  addHooks(join(cwd, '.git', 'hooks'), 'own-hook')
  addHooks(hooks, 'hook')
  const config = (text: string) => writeFileSync(join(cwd, '.git', 'config'), text, { flag: 'a' })
  return { ...opened, marks, cwd, config, ran: () => readdirSync(marks).sort() }
}

async function useAll({ cwd, snapshot, snapshotsOf, worktree, clone, provider }: ReturnType<typeof open>) {
  const before = await snapshot(cwd)
  writeFileSync(join(cwd, 'a.txt'), 'changed\n')
  const after = await snapshot(cwd)
  if (!('tree' in before && 'tree' in after)) throw new Error(JSON.stringify([before, after]))
  const diff = await snapshotsOf('snapshots.git').run(['diff', '--patch', before.tree, after.tree])
  expect(diff.stdout.toString()).toContain('+changed')
  const linked = await worktree(cwd)
  expect(readFileSync(join(linked.path, 'a.txt'), 'utf8')).toBe('one\n')
  const cloned = await clone(cwd)
  expect(readFileSync(join(cloned.path, 'a.txt'), 'utf8')).toBe('one\n')
  await provider.remove(linked)
  await provider.remove(cloned)
  expect(readdirSync(join(cwd, '.git')).includes('worktrees')).toBe(false)
}

describe('programs that a repository names are not run by the server', () => {
  test('in its own settings', async () => {
    const opened = open()
    opened.config(toSettings(opened.marks, 'config'))
    await useAll(opened)
    expect(opened.ran()).toEqual([])
  })

  test('in settings that come into force in the new working tree alone', async () => {
    const opened = open()
    const { cwd, marks, root } = opened
    for (const [index, condition] of conditions.entries()) {
      const path = join(root, `included-${index}`)
      writeFileSync(path, toSettings(marks, `included-${index}`))
      opened.config(`[${condition}]\n\tpath = ${path}\n`)
    }
    opened.config('[remote "any"]\n\turl = /nowhere\n[extensions]\n\tworktreeConfig = true\n')
    writeFileSync(join(cwd, '.git', 'config.worktree'), toSettings(marks, 'config.worktree'))
    writeFileSync(join(cwd, '.git', 'info', 'attributes'), '* filter=evil\n')
    await useAll(opened)
    expect(opened.ran()).toEqual([])
  })

  test('in a clone that is to fetch what it lacks', async () => {
    const opened = open()
    const { cwd, marks, snapshot, worktree, clone } = opened
    const blob = git(cwd, 'rev-parse', 'HEAD:sub/c.txt')
    opened.config('[extensions]\n\tpartialClone = origin\n[core]\n\trepositoryformatversion = 1\n')
    opened.config(
      `[remote "origin"]\n\tpromisor = true\n\turl = ext::sh -c touch% ${join(marks, 'fetched')}\n`,
    )
    opened.config(`\tuploadpack = touch ${join(marks, 'uploadpack')}\n[protocol]\n\tallow = always\n`)
    rmSync(join(cwd, '.git', 'objects', blob.slice(0, 2), blob.slice(2)))
    expect(await snapshot(cwd)).toHaveProperty('tree')
    await expect(worktree(cwd)).rejects.toMatchObject({ code: 'WORKSPACE_FAILED' })
    await expect(clone(cwd)).rejects.toMatchObject({ code: 'WORKSPACE_FAILED' })
    expect(opened.ran()).toEqual([])
    expect(git(cwd, 'branch', '--list', 'claude/*')).toBe('')
  })

  test('in a repository inside the repository, known to the index or not', async () => {
    const opened = open()
    const { cwd, marks, snapshot } = opened
    const attributes = { 'x.txt': 'x\n', '.gitattributes': '*.txt filter=evil\n' }
    const inner = makeRepository(join(cwd, 'inner'), attributes)
    const known = makeRepository(join(cwd, 'known'), attributes)
    git(cwd, 'add', 'known')
    for (const path of [inner, known]) {
      writeFileSync(join(path, '.git', 'config'), toSettings(marks, 'inner').replace(/^\tworktree.*$/m, ''), {
        flag: 'a',
      })
      writeFileSync(join(path, 'x.txt'), 'y\n')
    }
    // Those of the user's own git.
    const before = opened.ran()
    const first = await snapshot(cwd)
    writeFileSync(join(inner, 'x.txt'), 'z\n')
    writeFileSync(join(cwd, 'a.txt'), 'changed\n')
    const second = await snapshot(cwd)
    expect([first, second]).toEqual([{ tree: expect.any(String) }, { tree: expect.any(String) }])
    expect(await snapshot(cwd)).toEqual(second)
    expect(opened.ran()).toEqual(before)
  })

  test("while the user's own git does run them there", () => {
    const { cwd, marks, config, ran } = open()
    config(toSettings(marks, 'config').replace(/^\tworktree.*$/m, ''))
    writeFileSync(join(cwd, 'a.txt'), 'two\n')
    git(cwd, 'status')
    expect(ran()).toContain('config-fsmonitor')
    expect(existsSync(join(marks, 'config-clean'))).toBe(true)
  })
})

test("a new working tree works with the user's own git", async () => {
  const { root, worktree, provider, warnings } = openProvider()
  const cwd = makeRepository(join(root, 'project'), { 'a.txt': 'one\n', 'bin/run': '#!/bin/sh\n' })
  git(cwd, 'pack-refs', '--all')
  git(cwd, 'gc', '--quiet')
  const made = await worktree(join(cwd, 'bin'), { branch: 'topic/new' })
  expect(made).toMatchObject({ repository: cwd, branch: 'topic/new', createdBranch: true })
  expect(git(made.path, 'status', '--porcelain', '--branch')).toBe('## topic/new')
  expect(git(cwd, 'worktree', 'list', '--porcelain')).toContain('branch refs/heads/topic/new')
  writeFileSync(join(made.path, 'a.txt'), 'two\n')
  git(made.path, 'commit', '--quiet', '--all', '--message=second')
  expect(git(cwd, 'show', 'topic/new:a.txt')).toBe('two')
  git(cwd, 'pack-refs', '--all')
  git(cwd, 'fsck', '--strict')
  await provider.remove(made)
  expect(git(cwd, 'worktree', 'list').split('\n')).toHaveLength(1)
  expect(git(cwd, 'branch', '--list', 'topic/*')).toBe('')
  expect(warnings).toEqual([])
})

test('a bare repository is cloned and has working trees', async () => {
  const { root, clone, worktree, provider } = openProvider()
  const origin = makeRepository(join(root, 'origin'))
  git(root, 'clone', '--quiet', '--bare', origin, 'bare.git')
  const bare = join(root, 'bare.git')
  expect(git((await clone(bare)).path, 'rev-parse', 'HEAD')).toBe(git(origin, 'rev-parse', 'HEAD'))
  const made = await worktree(bare)
  expect(git(made.path, 'status', '--porcelain')).toBe('')
  await provider.remove(made)
  expect(git(bare, 'worktree', 'list').split('\n')).toHaveLength(1)
})
