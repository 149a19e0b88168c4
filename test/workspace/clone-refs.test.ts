import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { OwnWorkspaceRequest } from '../../src/sessions/ports/index.ts'
import { Git } from '../../src/workspace/git/git-command.ts'
import { LocalWorkspaceProvider } from '../../src/workspace/provisioning/provider.ts'
import { git, makeRepository } from '../support/git.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

type Given = { ref: string; depth?: number }

function open(cloneTimeoutMs = 60_000) {
  const root = temporaryDirectory()
  const warnings: object[] = []
  const provider = new LocalWorkspaceProvider({
    tenantId: 'default',
    directory: join(root, 'workspaces'),
    git: new Git({ PATH: '/usr/local/bin:/usr/bin:/bin' }, root),
    repositories: join(root, 'repositories'),
    places: { allowedRoots: [root], reserved: [] },
    cloneUrls: ['http://'],
    cloneTimeoutMs,
    resolveDirectory: async path => path,
    log: { warn: fields => warnings.push(fields) },
  })
  const provide = (request: OwnWorkspaceRequest, signal = new AbortController().signal) =>
    provider.provide(request, crypto.randomUUID(), signal)
  const url = makeRepository(join(root, 'origin'))
  const commit = (content: string) => {
    writeFileSync(join(url, 'a.txt'), content)
    git(url, 'commit', '--quiet', '--all', `--message=${content}`)
    return git(url, 'rev-parse', 'HEAD')
  }
  const clone = async (given: Given) => {
    const made = await provide({ type: 'git', url, removeOnEnd: false, ...given })
    if (made.type !== 'git') throw new Error(made.type)
    return { ...made, content: readFileSync(join(made.path, 'a.txt'), 'utf8') }
  }
  return { root, url, commit, clone, provide, warnings, holders: join(root, 'workspaces') }
}

describe.each([undefined, 1])('a clone of depth %s', depth => {
  const at = (ref: string): Given => ({ ref, ...(depth !== undefined && { depth }) })

  test('at a tag or a branch whose name could begin the id of a commit', async () => {
    const { url, commit, clone } = open()
    git(url, 'tag', '20240101')
    git(url, 'tag', '--annotate', '--message=x', 'abcdef0')
    git(url, 'branch', '1234567')
    commit('two\n')
    for (const ref of ['20240101', 'abcdef0', '1234567']) {
      const made = await clone(at(ref))
      expect(made).toMatchObject({ ref, depth: depth ?? null, content: 'one\n' })
      expect(made.commit).toBe(git(url, 'rev-parse', `${ref}^{commit}`))
    }
    const branch = await clone(at('1234567'))
    expect(git(branch.path, 'branch', '--show-current')).toBe('1234567')
    expect(git(branch.path, 'rev-parse', '--abbrev-ref', '@{upstream}')).toBe('origin/1234567')
  })

  test('takes the branch where a commit begins with its name, as git does', async () => {
    const { url, commit, clone } = open()
    const first = git(url, 'rev-parse', 'HEAD')
    commit('two\n')
    git(url, 'branch', first.slice(0, 8))
    expect((await clone(at(first.slice(0, 8)))).content).toBe('two\n')
    expect((await clone(at(first))).content).toBe('one\n')
  })

  test('at names with any letters', async () => {
    const { url, commit, clone } = open()
    const names = ['fix#1', 'feature/ü', '+plus', '$(id)']
    for (const name of names) git(url, 'branch', name)
    commit('two\n')
    for (const name of names) expect(await clone(at(name))).toMatchObject({ ref: name, content: 'one\n' })
  })
})

test('a whole clone takes the beginning of the id of a commit, and says when there is none', async () => {
  const { url, commit, clone, holders, warnings } = open()
  const first = git(url, 'rev-parse', 'HEAD')
  commit('two\n')
  expect(await clone({ ref: first.slice(0, 7) })).toMatchObject({ commit: first, content: 'one\n' })
  expect(warnings).toEqual([])
  const before = readdirSync(holders)
  await expect(clone({ ref: '0000000' })).rejects.toMatchObject({
    code: 'WORKSPACE_FAILED',
    details: { reason: 'ref_not_found' },
  })
  expect(readdirSync(holders)).toEqual(before)
})

test('with a depth, the beginning of the id of a commit is refused', async () => {
  const { url, commit, clone, holders } = open()
  const first = git(url, 'rev-parse', 'HEAD')
  commit('two\n')
  await expect(clone({ ref: first.slice(0, 7), depth: 1 })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { issues: [{ path: 'workspace.ref', message: expect.stringContaining('full id') }] },
  })
  expect(readdirSync(holders)).toEqual([])
})

/** A server of a repository without branches, which hangs when it is asked a second time. */
async function hangAtSecondTry() {
  const asked = Promise.withResolvers<void>()
  let requests = 0
  const server = createServer((_, res) => {
    if (++requests === 1) res.end(`${'0'.repeat(39)}1\trefs/heads/main\n`)
    else asked.resolve()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/project.git`
  return { url, asked: asked.promise, countRequests: () => requests }
}

describe('the second try of a clone', () => {
  const request = { type: 'git', ref: '1234567', removeOnEnd: false } as const

  test('ends with whoever asked for it, and leaves nothing', async () => {
    const { provide, holders } = open()
    const { url, asked } = await hangAtSecondTry()
    const leaving = new AbortController()
    const made = provide({ ...request, url }, leaving.signal)
    asked.then(() => leaving.abort(new Error('left')))
    await expect(made).rejects.toThrow('left')
    expect(readdirSync(holders)).toEqual([])
  })

  test('has what is left of the time, and leaves nothing', async () => {
    const { provide, holders } = open(3_000)
    const { url, countRequests } = await hangAtSecondTry()
    await expect(provide({ ...request, url })).rejects.toMatchObject({ details: { reason: 'timed_out' } })
    expect(countRequests()).toBeLessThanOrEqual(2)
    expect(readdirSync(holders)).toEqual([])
  })
})

test('a worktree takes names with any letters, and a tag whose name could begin the id of a commit', async () => {
  const { url, commit, provide } = open()
  git(url, 'tag', '20240101')
  git(url, 'branch', 'fix#1')
  commit('two\n')
  for (const [branch, base] of [
    ['feature/ü', '20240101'],
    ['+plus', 'fix#1'],
    ['fix#1', undefined],
    ['1234567', 'feature/ü'],
  ]) {
    const given = { type: 'worktree', repository: url, removeOnEnd: true, deleteBranch: false } as const
    const { path } = await provide({ ...given, branch, base })
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('one\n')
    expect(git(path, 'branch', '--show-current')).toBe(branch)
  }
})
