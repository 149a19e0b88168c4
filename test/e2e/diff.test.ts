import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { fingerprintOf, git, makeRepository } from '../support/git.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'

const free = { permissionMode: 'acceptEdits', allowedTools: ['Bash', 'Write', 'Edit'] }

async function open(given: Parameters<typeof openServer>[0] = {}) {
  const root = temporaryDirectory()
  const server = await openServer({ defaultCwd: root, allowedRoots: [root], ...given })
  const { call, send, model, ask } = server
  let count = 0
  /** One turn that does this; its id. */
  const run = async (id: string, ...tools: ReturnType<typeof toolUse>[]): Promise<string> => {
    const prompt = `step ${++count} of the work`
    model.script(prompt, [...tools, text('done')])
    const answer = await ask(id, prompt)
    expect(answer).toMatchObject({ status: 200, body: { response: 'done' } })
    return answer.body.turnId
  }
  const files = async (id: string, query = '') =>
    (await call('GET', `/sessions/${id}/diff?format=files${query}`)).body
  const unified = async (id: string, query = '') => {
    const response = await send('GET', `/sessions/${id}/diff?${query}`)
    return { response, text: await response.text() }
  }
  return { ...server, root, run, files, unified }
}

const write = (path: string, content: string) => toolUse('Write', { file_path: path, content })
const bash = (command: string) => toolUse('Bash', { command })

describe('in a git repository', () => {
  test('shows what Write and Bash have changed, since the session and since a turn', async () => {
    const { createSession, root, run, files, unified } = await open()
    const repository = makeRepository(join(root, 'project'), { 'a.txt': 'one\n', 'old.txt': '1\n2\n3\n4\n' })
    const id = await createSession({ ...free, workspace: { type: 'worktree', repository } })
    expect(await files(id)).toMatchObject({ files: [], reason: null })
    expect((await unified(id)).text).toBe('')
    const first = await run(id, write('new.txt', 'x\ny\n'))
    const second = await run(id, bash('echo two >> a.txt; mv old.txt moved.txt; printf "\\0\\1" > bin'))
    const all = await files(id)
    expect(all).toMatchObject({
      sessionId: id,
      since: 'session',
      source: 'git',
      reason: null,
      truncated: false,
    })
    expect(all.files).toMatchObject([
      { path: 'a.txt', status: 'modified', insertions: 1, deletions: 0, binary: false },
      { path: 'bin', status: 'added', insertions: null, deletions: null, binary: true },
      { path: 'moved.txt', oldPath: 'old.txt', status: 'renamed', insertions: 0, deletions: 0 },
      { path: 'new.txt', status: 'added', insertions: 2, deletions: 0 },
    ])
    expect(all.files[0].diff).toContain('+two\n')
    expect(all.files[1]).not.toHaveProperty('diff')
    expect(await files(id, `&since=${first}`)).toMatchObject({ files: all.files })
    const later = await files(id, `&since=${second}`)
    expect(later.files.map(({ path }: { path: string }) => path)).toEqual(['a.txt', 'bin', 'moved.txt'])
    expect((await files(id, '&path=new.txt')).files).toHaveLength(1)
    const { response, text } = await unified(id)
    expect(response.headers.get('content-type')).toBe('text/x-diff; charset=utf-8')
    expect(response.headers.get('x-diff-source')).toBe('git')
    expect(text).toContain('--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+x\n+y\n')
    const clean = temporaryDirectory()
    execFileSync('git', ['clone', '--quiet', repository, clean], { env: { PATH: '/usr/bin:/bin' } })
    const { text: part } = await unified(id, 'path=a.txt')
    writeFileSync(join(clean, 'part.diff'), part)
    git(clean, 'apply', 'part.diff')
    expect(readFileSync(join(clean, 'a.txt'), 'utf8')).toBe('one\ntwo\n')
  })

  test('leaves the repository as it was: objects, index, stash, branches', async () => {
    const { createSession, root, run, files } = await open()
    const repository = makeRepository(join(root, 'project'), { 'a.txt': 'one\n', '.gitignore': 'ignored\n' })
    writeFileSync(join(repository, 'a.txt'), 'not committed\n')
    writeFileSync(join(repository, 'untracked.txt'), 'nor is this\n')
    git(repository, 'config', 'core.fsmonitor', `touch ${join(root, 'ran')}`)
    git(repository, 'config', 'filter.x.clean', `touch ${join(root, 'ran')}; cat`)
    const before = fingerprintOf(repository)
    writeFileSync(join(repository, '.gitattributes'), '* filter=x\n')
    const id = await createSession({ ...free, cwd: repository })
    await run(id, bash('echo 1 > ignored; echo 2 > seen; rm untracked.txt'))
    expect((await files(id)).files).toMatchObject([
      { path: 'seen', status: 'added' },
      // Somebody else's work, which was there before the session: only its end is a change.
      { path: 'untracked.txt', status: 'deleted', deletions: 1 },
    ])
    expect(existsSync(join(root, 'ran'))).toBe(false)
    git(repository, 'config', '--unset', 'core.fsmonitor')
    expect(fingerprintOf(repository)).toEqual(before)
  })

  test('shows only the working directory, where that is a part of the repository', async () => {
    const { createSession, root, run, files } = await open()
    const repository = makeRepository(join(root, 'project'), { 'a.txt': 'one\n', 'part/b.txt': 'one\n' })
    const id = await createSession({ ...free, cwd: join(repository, 'part') })
    await run(id, bash('echo two > b.txt; echo two > ../a.txt'))
    expect((await files(id)).files).toMatchObject([{ path: 'b.txt', status: 'modified' }])
  })

  test('takes in what was changed over HTTP before the first turn', async () => {
    const { createSession, call, send, root, files } = await open()
    const repository = makeRepository(join(root, 'project'))
    const id = await createSession({ cwd: repository })
    const put = await send('PUT', `/sessions/${id}/files/content?path=a.txt`, undefined, {
      body: 'by hand\n',
      headers: { 'content-type': 'text/plain' },
    })
    expect(put.status).toBeLessThan(300)
    expect((await files(id)).files).toMatchObject([{ path: 'a.txt', status: 'modified' }])
    expect((await call('GET', `/sessions/${id}/diff?since=${id}`)).body.error.code).toBe('TURN_NOT_FOUND')
  })

  test.each([
    [
      'was made anew',
      (repository: string) => {
        rmSync(join(repository, '.git'), { recursive: true })
        git(repository, 'init', '--quiet')
        git(repository, 'add', '--all')
        git(repository, 'commit', '--quiet', '--message=new')
      },
    ],
    [
      'has lost a commit',
      (repository: string) => {
        git(repository, 'commit', '--quiet', '--all', '--amend', '--message=other')
        git(repository, 'reflog', 'expire', '--expire=now', '--all')
        git(repository, 'gc', '--quiet', '--prune=now')
      },
    ],
  ])('falls back to checkpoints when the repository %s, until the next snapshot', async (_, lose) => {
    const { createSession, root, run, files, unified, log } = await open()
    const repository = makeRepository(join(root, 'project'))
    const id = await createSession({ ...free, cwd: repository })
    await run(id, write('new.txt', 'x\n'))
    writeFileSync(join(repository, 'a.txt'), 'two\n')
    expect(await files(id)).toMatchObject({ source: 'git', files: [{ path: 'a.txt' }, { path: 'new.txt' }] })
    lose(repository)
    const found = { source: 'checkpoints', reason: 'failed', files: [{ path: 'new.txt', status: 'added' }] }
    expect(await files(id)).toMatchObject(found)
    const { response, text } = await unified(id)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-diff-reason')).toBe('failed')
    expect(text).toContain('+++ b/new.txt\n')
    expect(log.lines).toContainEqual(expect.objectContaining({ msg: 'snapshot unreadable' }))
    const later = await run(id, bash('echo three > a.txt'))
    expect(await files(id, `&since=${later}`)).toMatchObject({
      source: 'git',
      reason: null,
      files: [{ path: 'a.txt', insertions: 1, deletions: 1 }],
    })
    expect(await files(id)).toMatchObject(found)
  })

  test('waits for one snapshot however many tools run at once', async () => {
    const { createSession, root, run, files } = await open()
    const repository = makeRepository(join(root, 'project'))
    const id = await createSession({ ...free, cwd: repository })
    const turn = await run(id, together(bash('echo 1 > x'), bash('echo 2 > y'), write('z', '3\n')))
    const { files: changed } = await files(id, `&since=${turn}`)
    expect(changed.map(({ path }: { path: string }) => path)).toEqual(['x', 'y', 'z'])
  })

  test('is cut where it is too long, and says so', async () => {
    const { createSession, root, run, files, unified } = await open()
    const repository = makeRepository(join(root, 'project'))
    const id = await createSession({ ...free, cwd: repository })
    await run(id, bash('yes line | head -n 900000 > big.txt; echo small > z.txt'))
    const found = await files(id)
    expect(found.truncated).toBe(true)
    expect(found.files).toMatchObject([
      { path: 'big.txt', insertions: 900_000 },
      { path: 'z.txt', insertions: 1 },
    ])
    expect(found.files[0]).not.toHaveProperty('diff')
    const { response, text } = await unified(id)
    expect(response.headers.get('x-diff-truncated')).toBe('true')
    expect(text.length).toBeLessThanOrEqual(2 * 1024 * 1024)
    expect(text.endsWith('+line\n')).toBe(true)
  })
})

describe('without a git repository', () => {
  test('shows what file tools have changed, and says why not more', async () => {
    const { createSession, root, run, files, unified } = await open()
    writeFileSync(join(root, 'a.txt'), 'one\ntwo\n')
    const id = await createSession(free)
    const first = await run(id, write('b.txt', 'new\n'), bash('echo hidden > c.txt'))
    await run(
      id,
      toolUse('Read', { file_path: join(root, 'a.txt') }),
      toolUse('Edit', { file_path: join(root, 'a.txt'), old_string: 'two', new_string: 'TWO' }),
    )
    const found = await files(id)
    expect(found).toMatchObject({
      source: 'checkpoints',
      reason: 'no_repository',
      insertions: 2,
      deletions: 1,
    })
    expect(found.files).toMatchObject([
      { path: 'a.txt', status: 'modified', insertions: 1, deletions: 1 },
      { path: 'b.txt', status: 'added', insertions: 1, deletions: 0 },
    ])
    const { response, text } = await unified(id)
    expect(response.headers.get('x-diff-reason')).toBe('no_repository')
    expect(text).toContain('--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n')
    expect((await files(id, `&since=${first}&path=b.txt`)).files).toHaveLength(1)
    writeFileSync(join(root, 'a.txt'), 'one\ntwo\n')
    expect((await files(id)).files).toHaveLength(1)
  })

  test('keeps the file that a person let Claude write in place of the one it wanted', async () => {
    const server = await open()
    const { call, createSession, ask, model, root, files } = server
    model.script('write it', [write(join(root, 'a.txt'), 'new\n'), text('done')])
    const id = await createSession({ permissionPrompts: 'ask' })
    const asked = ask(id, 'write it')
    const [request] = await pendingPermissions(server, id)
    const updatedInput = { file_path: join(root, 'b.txt'), content: 'new\n' }
    await answer(server, request, { decision: 'allow', updatedInput })
    const { turnId } = (await asked).body
    expect(readFileSync(join(root, 'b.txt'), 'utf8')).toBe('new\n')
    expect((await files(id)).files).toMatchObject([{ path: 'b.txt', status: 'added', insertions: 1 }])
    const rewound = await call('POST', `/sessions/${id}/rewind`, { toTurnId: turnId, files: true })
    expect(rewound.status).toBe(200)
    expect(existsSync(join(root, 'b.txt'))).toBe(false)
  })

  test('says when git is not there at all', async () => {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'bin'))
    for (const name of ['sh', 'bash', 'cat', 'echo']) {
      symlinkSync(`/bin/${name}`, join(root, 'bin', name))
    }
    const repository = makeRepository(join(root, 'project'))
    const { createSession, call, run, files } = await open({
      allowedRoots: [root],
      defaultCwd: root,
      environment: { PATH: join(root, 'bin') },
    })
    const id = await createSession({ ...free, cwd: repository })
    await run(id, write('b.txt', 'new\n'))
    expect(await files(id)).toMatchObject({
      source: 'checkpoints',
      reason: 'git_not_installed',
      files: [{ path: 'b.txt' }],
    })
    for (const workspace of [
      { type: 'git', url: repository },
      { type: 'worktree', repository },
    ]) {
      expect((await call('POST', '/sessions', { workspace })).body.error).toMatchObject({
        code: 'WORKSPACE_FAILED',
        message: expect.stringContaining('git is not installed'),
        details: { reason: 'git_not_installed' },
      })
    }
  })

  test("refuses a path that is not the session's", async () => {
    const { createSession, call } = await open()
    const id = await createSession()
    for (const path of ['../x', '/etc/passwd', 'a/../../x']) {
      const answer = await call('GET', `/sessions/${id}/diff?path=${encodeURIComponent(path)}`)
      expect(answer.body.error.code, path).toBe('PATH_NOT_ALLOWED')
    }
  })
})
