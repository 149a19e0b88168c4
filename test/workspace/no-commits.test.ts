import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { git, makeRepository } from '../support/git.ts'
import { openProvider } from './open-provider.ts'

test('a worktree of a repository without commits says so', async () => {
  const { root, worktree, clone, snapshot } = openProvider()
  const cwd = join(root, 'project')
  mkdirSync(cwd, { recursive: true })
  git(cwd, 'init', '--quiet', '--initial-branch=main')
  for (const extra of [{}, { base: 'HEAD' }, { base: 'main' }, { branch: 'main' }, { base: '1234567' }]) {
    await expect(worktree(cwd, extra), JSON.stringify(extra)).rejects.toMatchObject({
      message: expect.stringContaining('has no commits yet'),
      details: { type: 'worktree', reason: 'no_commits' },
    })
  }
  // Everything else works there.
  expect(await clone(cwd)).toMatchObject({ commit: null })
  writeFileSync(join(cwd, 'a.txt'), 'one\n')
  expect(await snapshot(cwd)).toHaveProperty('tree')
  expect(git(cwd, 'branch', '--list')).toBe('')
})

test('a name that a repository with commits does not know is another matter', async () => {
  const { root, worktree } = openProvider()
  const cwd = makeRepository(join(root, 'project'))
  await expect(worktree(cwd, { base: 'nowhere' })).rejects.toMatchObject({
    details: { reason: 'ref_not_found' },
  })
  git(cwd, 'switch', '--quiet', '--orphan', 'empty')
  await expect(worktree(cwd)).rejects.toMatchObject({ details: { reason: 'no_commits' } })
  expect(git((await worktree(cwd, { base: 'main' })).path, 'show', 'HEAD:a.txt')).toBe('one')
})
