import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { fingerprintOf, git, makeRepository } from '../support/git.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'

/** Only the first of several sessions that send nothing starts Claude Code. */
const oneProcess = { maxLiveProcesses: 1 }
const free = { permissionMode: 'acceptEdits', allowedTools: ['Bash', 'Write', 'Edit'] }

async function open(given: Parameters<typeof openServer>[0] = {}) {
  const root = temporaryDirectory()
  const server = await openServer({ defaultCwd: root, allowedRoots: [root], ...given })
  const workspaceOf = async (id: string) => (await server.call('GET', `/sessions/${id}`)).body.workspace
  return { ...server, root, holders: join(server.cwd, 'data', 'workspaces'), workspaceOf }
}

describe('an empty workspace', () => {
  test("is the session's own, and removed with it when asked", async () => {
    const { call, createSession, ask, model, holders, workspaceOf } = await open()
    model.script('write it', [toolUse('Write', { file_path: 'notes.txt', content: 'hi' }), text('done')])
    const id = await createSession({ ...free, workspace: { type: 'empty', removeOnEnd: true } })
    const { path, ...rest } = await workspaceOf(id)
    expect(rest).toEqual({ type: 'empty', removeOnEnd: true })
    expect(dirname(path)).toBe(join(holders, id))
    await ask(id, 'write it')
    expect(readFileSync(join(path, 'notes.txt'), 'utf8')).toBe('hi')
    expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
    await until(() => !existsSync(dirname(path)))
  })

  test('stays when nobody asked for its removal, and nobody else may name it', async () => {
    const { call, createSession, workspaceOf } = await open(oneProcess)
    const id = await createSession({ workspace: { type: 'empty' } })
    const { path } = await workspaceOf(id)
    const other = await call('POST', '/sessions', { cwd: path })
    expect(other).toMatchObject({ status: 403, body: { error: { code: 'CWD_NOT_ALLOWED' } } })
    await call('DELETE', `/sessions/${id}`)
    await call('POST', '/sessions', {})
    expect(existsSync(path)).toBe(true)
  })

  test('is removed when the session expires', async () => {
    const { createSession, workspaceOf } = await open({ sessionTimeout: 700 })
    const id = await createSession({ workspace: { type: 'empty', removeOnEnd: true } })
    const { path } = await workspaceOf(id)
    await until(() => !existsSync(path))
  })
})

describe('a clone', () => {
  test('of a local repository at a branch, by path and by URL', async () => {
    const { createSession, workspaceOf, root } = await open(oneProcess)
    const repository = makeRepository(join(root, 'origin'))
    const first = git(repository, 'rev-parse', 'HEAD')
    git(repository, 'switch', '--quiet', '--create', 'other')
    writeFileSync(join(repository, 'a.txt'), 'two\n')
    git(repository, 'commit', '--quiet', '--all', '--message=second')
    const before = fingerprintOf(repository)
    for (const [workspace, content] of [
      [{ url: repository, ref: 'main' }, 'one\n'],
      [{ url: repository, ref: first }, 'one\n'],
      [{ url: `file://${repository}`, ref: 'other', depth: 1 }, 'two\n'],
      [{ url: repository, ref: first, depth: 1 }, 'one\n'],
      [{ url: repository }, 'two\n'],
    ] as const) {
      const id = await createSession({ workspace: { type: 'git', ...workspace } })
      const made = await workspaceOf(id)
      expect(made).toMatchObject({ type: 'git', url: repository, removeOnEnd: false })
      expect(readFileSync(join(made.path, 'a.txt'), 'utf8')).toBe(content)
      expect(git(made.path, 'rev-parse', 'HEAD')).toBe(made.commit)
      if ('depth' in workspace) expect(git(made.path, 'rev-list', '--count', 'HEAD')).toBe('1')
    }
    expect(fingerprintOf(repository)).toEqual(before)
  })

  test('that cannot be made says why and leaves nothing', async () => {
    const { call, root, holders } = await open()
    const repository = makeRepository(join(root, 'origin'))
    mkdirSync(join(root, 'plain'))
    const make = async (workspace: object) => (await call('POST', '/sessions', { workspace })).body.error
    expect(await make({ type: 'git', url: repository, ref: 'nowhere' })).toMatchObject({
      code: 'WORKSPACE_FAILED',
      details: { type: 'git', reason: 'ref_not_found' },
    })
    expect(await make({ type: 'git', url: join(root, 'plain') })).toMatchObject({
      code: 'WORKSPACE_FAILED',
      details: { reason: 'not_a_repository' },
    })
    expect(await make({ type: 'git', url: '/etc' })).toMatchObject({ code: 'CWD_NOT_ALLOWED' })
    expect(await make({ type: 'git', url: 'ext::sh -c touch% x' })).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await make({ type: 'git', url: 'ext::sh' })).toMatchObject({ code: 'WORKSPACE_NOT_ALLOWED' })
    expect(await make({ type: 'git', url: 'http://127.0.0.1:1/x' })).toMatchObject({
      code: 'WORKSPACE_NOT_ALLOWED',
    })
    expect(await make({ type: 'git', url: '--upload-pack=touch' })).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await make({ type: 'git', url: repository, ref: '--orphan' })).toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(existsSync(holders) ? readdirSync(holders) : []).toEqual([])
  })

  test('runs no hook of anybody', async () => {
    const { createSession, root } = await open()
    const repository = makeRepository(join(root, 'origin'))
    writeFileSync(join(repository, '.git', 'hooks', 'post-checkout'), `#!/bin/sh\ntouch ${root}/ran\n`, {
      mode: 0o755,
    })
    await createSession({ workspace: { type: 'git', url: repository } })
    await createSession({ workspace: { type: 'worktree', repository } })
    expect(existsSync(join(root, 'ran'))).toBe(false)
  })
})

describe('a worktree', () => {
  test('lets two sessions work on one repository at once, each on its own branch', async () => {
    const { call, createSession, ask, model, root, workspaceOf } = await open()
    const repository = makeRepository(join(root, 'project'))
    const commit = 'git add -A && git -c user.name=A -c user.email=a@example.com commit -qm work'
    model.script(/^change to (\w+)$/, prompt => {
      const [, word = ''] = /^change to (\w+)$/.exec(prompt.text) ?? []
      if (prompt.round > 0) return text('done')
      return toolUse('Bash', { command: `echo ${word} > a.txt && ${commit}` })
    })
    const first = await createSession({ ...free, workspace: { type: 'worktree', repository } })
    const second = await createSession({
      ...free,
      workspace: { type: 'worktree', repository, branch: 'mine', removeOnEnd: true, deleteBranch: true },
    })
    const [a, b] = [await workspaceOf(first), await workspaceOf(second)]
    expect(a).toMatchObject({ branch: `claude/${first.slice(0, 8)}`, repository, createdBranch: true })
    expect(b).toMatchObject({ branch: 'mine', removeOnEnd: true })
    await Promise.all([ask(first, 'change to red'), ask(second, 'change to blue')])
    expect(git(repository, 'show', `${a.branch}:a.txt`)).toBe('red')
    expect(git(repository, 'show', 'mine:a.txt')).toBe('blue')
    expect(readFileSync(join(repository, 'a.txt'), 'utf8')).toBe('one\n')
    await Promise.all([first, second].map(id => call('DELETE', `/sessions/${id}`)))
    await until(() => !existsSync(dirname(b.path)))
    expect(git(repository, 'branch', '--list', 'mine')).toBe('')
    expect(git(repository, 'worktree', 'list')).not.toContain(b.path)
    // Nobody asked for the first one to be removed.
    expect(existsSync(join(a.path, 'a.txt'))).toBe(true)
    expect(git(repository, 'branch', '--list', a.branch)).toContain(a.branch)
  })

  test('on a branch that is there keeps it; one that is checked out is refused', async () => {
    const { call, createSession, root, workspaceOf } = await open()
    const repository = makeRepository(join(root, 'project'))
    git(repository, 'branch', 'there')
    const make = async (more: object) =>
      (await call('POST', '/sessions', { workspace: { type: 'worktree', repository, ...more } })).body.error
    const id = await createSession({
      workspace: { type: 'worktree', repository, branch: 'there', removeOnEnd: true, deleteBranch: true },
    })
    const { path, createdBranch } = await workspaceOf(id)
    expect(createdBranch).toBe(false)
    expect(await make({ branch: 'main' })).toMatchObject({ details: { reason: 'branch_in_use' } })
    expect(await make({ branch: 'there', base: 'main' })).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await make({ base: 'nothing' })).toMatchObject({ details: { reason: 'ref_not_found' } })
    expect(await make({ deleteBranch: true })).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await make({ repository: root })).toMatchObject({ details: { reason: 'not_a_repository' } })
    await call('DELETE', `/sessions/${id}`)
    await until(() => !existsSync(path))
    expect(git(repository, 'branch', '--list').split('\n')).toHaveLength(2)
  })

  test('obeys no program that the repository names in its settings', async () => {
    const { createSession, root, workspaceOf } = await open()
    const repository = makeRepository(join(root, 'project'), {
      'a.txt': 'one\n',
      '.gitattributes': '*.txt filter=a=b\n',
    })
    const touch = (name: string) => `touch ${join(root, name)}; cat`
    git(repository, 'config', 'filter.a=b.smudge', touch('smudge'))
    git(repository, 'config', 'filter.a=b.required', 'true')
    git(repository, 'config', 'core.fsmonitor', touch('fsmonitor'))
    const id = await createSession({ workspace: { type: 'worktree', repository } })
    expect(readFileSync(join((await workspaceOf(id)).path, 'a.txt'), 'utf8')).toBe('one\n')
    expect(readdirSync(root).sort()).toEqual(['project'])
  })
})

describe('a session that cannot be made', () => {
  test('leaves no directory, no worktree and no branch', async () => {
    const { call, createSession, root, holders } = await open({ maxSessions: 1 })
    const repository = makeRepository(join(root, 'project'))
    const before = fingerprintOf(repository)
    const workspace = { type: 'worktree', repository }
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/sessions', { workspace })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 429, 429])
    expect(readdirSync(holders)).toHaveLength(1)
    expect(git(repository, 'branch', '--list', 'claude/*').split('\n')).toHaveLength(1)
    await expect(createSession({ workspace: { type: 'empty' } })).rejects.toThrow('MAX_SESSIONS_REACHED')
    expect(before).toHaveProperty('objects')
  })

  test('names what does not go together', async () => {
    const { call } = await open()
    const answer = await call('POST', '/sessions', { cwd: '.', workspace: { type: 'empty' } })
    expect(answer.body.error.details.issues).toEqual([
      { path: 'cwd', message: 'cannot be combined with workspace' },
    ])
    const unknown = await call('POST', '/sessions', {
      workspace: { type: 'directory', path: '.', removeOnEnd: true },
    })
    expect(unknown.status).toBe(400)
  })
})

test('what a crash left behind is removed at the next start, and nothing else', async () => {
  const first = await open()
  const { createSession, workspaceOf, holders, root, cwd } = first
  const repository = makeRepository(join(root, 'project'))
  const kept = await workspaceOf(await createSession({ workspace: { type: 'empty' } }))
  const over = await createSession({ workspace: { type: 'empty', removeOnEnd: true } })
  await first.close()
  // As it looks when the server dies between making the directory and storing the session.
  const lost = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a001'
  const commit = git(repository, 'rev-parse', 'HEAD')
  const path = join(holders, lost, 'project')
  mkdirSync(join(holders, lost))
  git(repository, 'worktree', 'add', '--quiet', '-b', 'claude/lost', path)
  const mark = { type: 'worktree', path, repository, branch: 'claude/lost', base: null, commit }
  const more = { createdBranch: true, removeOnEnd: false, deleteBranch: false }
  writeFileSync(join(holders, lost, 'workspace.json'), JSON.stringify({ ...mark, ...more }))
  // Not the server's: no mark, a mark that points elsewhere, another name.
  const foreign = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a002'
  const lying = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a003'
  for (const name of [foreign, lying, 'mine']) mkdirSync(join(holders, name))
  const lie = { type: 'empty', path: repository, removeOnEnd: true }
  writeFileSync(join(holders, lying, 'workspace.json'), JSON.stringify(lie))
  await openServer({ defaultCwd: root, dataDir: join(cwd, 'data') })
  await until(() => !existsSync(join(holders, lost)))
  expect(existsSync(kept.path)).toBe(true)
  expect(existsSync(join(repository, 'a.txt'))).toBe(true)
  expect(readdirSync(holders).sort()).toEqual(
    [foreign, lying, 'mine', over, dirname(kept.path).split('/').at(-1)].sort(),
  )
  expect(git(repository, 'branch', '--list', 'claude/*')).toBe('')
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1)
})
