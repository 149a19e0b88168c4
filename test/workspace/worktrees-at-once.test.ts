import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OwnWorkspace } from '../../src/sessions/ports/index.ts'
import { Git } from '../../src/workspace/git/git-command.ts'
import { LocalWorkspaceProvider } from '../../src/workspace/provisioning/provider.ts'
import { git, makeRepository } from '../support/git.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

function open() {
  const root = temporaryDirectory()
  const repository = makeRepository(join(root, 'project'))
  const warnings: object[] = []
  const provider = new LocalWorkspaceProvider({
    tenantId: 'default',
    directory: join(root, 'workspaces'),
    git: new Git({ PATH: process.env.PATH ?? '' }, root),
    repositories: join(root, 'repositories'),
    places: { allowedRoots: [root], reserved: [] },
    cloneUrls: [],
    cloneTimeoutMs: 60_000,
    resolveDirectory: async path => path,
    log: { warn: fields => warnings.push(fields) },
  })
  const request = { type: 'worktree' as const, repository, removeOnEnd: true, deleteBranch: true }
  const make = (more: object = {}) =>
    provider.provide({ ...request, ...more }, randomUUID(), new AbortController().signal)
  return { root, repository, provider, make, warnings }
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

test('many worktrees of one repository are made and removed at once', async () => {
  const { repository, provider, make, warnings } = open()
  const kept = await times(20, async index => {
    const made = await make()
    if (index % 4 === 0) return made
    await (index % 2 ? provider.undo(made) : provider.remove(made))
    return undefined
  })
  const left = kept.filter((made): made is OwnWorkspace => made !== undefined)
  expect(warnings).toEqual([])
  expect(left).toHaveLength(5)
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(6)
  expect(git(repository, 'branch', '--list', 'claude/*').split('\n')).toHaveLength(5)
  await Promise.all(left.map(made => provider.remove(made)))
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1)
  expect(git(repository, 'branch', '--list', 'claude/*')).toBe('')
})

test('one branch that several want at once is given to one, and taken from nobody', async () => {
  const { root, repository, make } = open()
  const answers = await Promise.allSettled([1, 2, 3].map(() => make({ branch: 'wanted' })))
  const refused = answers.filter(answer => answer.status === 'rejected').map(({ reason }) => reason.details)
  expect(refused).toEqual(Array(2).fill({ type: 'worktree', reason: 'branch_in_use' }))
  expect(git(repository, 'branch', '--list', 'wanted')).toContain('wanted')
  expect(readdirSync(join(root, 'workspaces'))).toHaveLength(1)
})

test('nothing fails because a user makes and removes worktrees meanwhile', async () => {
  const { root, repository, provider, make } = open()
  const users = [1, 2].map(user => {
    const path = join(root, `user-${user}`, 'project')
    const script = `for round in $(seq 40); do git worktree add -q --detach '${path}'; git worktree remove -f '${path}'; done`
    const environment = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' }
    return spawn('sh', ['-c', script], { cwd: repository, env: environment, stdio: 'ignore' })
  })
  const ends = users.map(user => once(user, 'exit'))
  await times(20, async () => provider.remove(await make()))
  await Promise.all(ends)
  expect(git(repository, 'branch', '--list', 'claude/*')).toBe('')
  expect(readdirSync(join(root, 'workspaces'))).toEqual([])
  git(repository, 'worktree', 'prune')
  const left = git(repository, 'worktree', 'list', '--porcelain').split('\n')
  expect(left.filter(line => line.startsWith('worktree ') && line.includes('workspaces'))).toEqual([])
})
