import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRepository } from '../support/git.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

/** @param trusted directories of the root */
async function open(...trusted: string[]) {
  const directory = temporaryDirectory()
  const root = join(directory, 'root')
  for (const path of ['', ...trusted]) mkdirSync(join(root, path), { recursive: true })
  const trustedRoots = trusted.map(path => join(root, path))
  const server = await openServer({ defaultCwd: root, allowedRoots: [root], trustedRoots })
  const put = (id: string, path: string, content = 'new') =>
    server.send('PUT', `/sessions/${id}/files/content?path=${encodeURIComponent(path)}`, content)
  return { ...server, directory, root, put }
}

test('sessions whose index is a pipe are served, and so are the others', async () => {
  const { call, createSession, put, root } = await open()
  const names = ['a', 'b', 'c', 'd']
  for (const name of [...names, 'other']) makeRepository(join(root, name))
  for (const index of names.map(name => join(root, name, '.git/index'))) {
    rmSync(index)
    execFileSync('mkfifo', [index], { env: { PATH: '/usr/bin:/bin' } })
  }
  const ids = await Promise.all(names.map(name => createSession({ cwd: join(root, name) })))
  const other = await createSession({ cwd: join(root, 'other') })
  const answers = await Promise.all([...ids, other].map(id => put(id, 'new.txt')))
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201))
  expect((await call('GET', '/health')).status).toBe(200)
  const diffOf = async (id: string) => (await call('GET', `/sessions/${id}/diff?format=files`)).body
  expect(await diffOf(ids[0] ?? '')).toMatchObject({ source: 'checkpoints', reason: 'unsafe_repository' })
  expect(await diffOf(other)).toMatchObject({ source: 'git', files: [{ path: 'new.txt', status: 'added' }] })
})

test('a repository whose parts lie elsewhere is 403', async () => {
  const { call, directory, root } = await open()
  makeRepository(join(directory, 'outside'))
  mkdirSync(join(root, 'trick'))
  writeFileSync(join(root, 'trick/.git'), `gitdir: ${directory}/outside/.git\n`)
  for (const workspace of [
    { type: 'git', url: join(root, 'trick') },
    { type: 'worktree', repository: join(root, 'trick') },
  ]) {
    const { status, body } = await call('POST', '/sessions', { workspace })
    expect([status, body.error.code]).toEqual([403, 'WORKSPACE_NOT_ALLOWED'])
  }
})

test('what programs are started from is changed only where the owner trusts it', async () => {
  const { call, createSession, put, root } = await open('trusted')
  for (const name of ['trusted', 'other']) makeRepository(join(root, name))
  const answers = []
  for (const name of ['trusted', 'other']) {
    const id = await createSession({ cwd: join(root, name) })
    for (const path of ['.git/config', '.claude/settings.json', '.mcp.json', '.claude/agents/a.md']) {
      answers.push([name, path, (await put(id, path, '{}')).status])
    }
    const removed = await call('DELETE', `/sessions/${id}/files/content?path=.git&recursive=true`)
    answers.push([name, 'DELETE', removed.status])
  }
  expect(answers).toEqual([
    ['trusted', '.git/config', 200],
    ['trusted', '.claude/settings.json', 201],
    ['trusted', '.mcp.json', 201],
    ['trusted', '.claude/agents/a.md', 201],
    ['trusted', 'DELETE', 204],
    ['other', '.git/config', 403],
    ['other', '.claude/settings.json', 403],
    ['other', '.mcp.json', 403],
    ['other', '.claude/agents/a.md', 201],
    ['other', 'DELETE', 403],
  ])
  expect(existsSync(join(root, 'other/.git/HEAD'))).toBe(true)
  expect(readFileSync(join(root, 'other/.git/config'), 'utf8')).not.toBe('{}')
})
