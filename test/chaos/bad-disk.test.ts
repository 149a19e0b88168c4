import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const run = promisify(execFile)
const key = 'key-of-the-chaos'

async function openOnDisk() {
  const model = await openModel()
  const home = temporaryDirectory()
  const dataDir = join(home, 'data')
  const options = { dataDir, defaultCwd: home, drainTimeoutMs: 0, rateLimit: { enabled: false } }
  const cli = openServerProgram(options, { ...claudeEnvironment(model, home), CLAUDE_API_KEY: key })
  const base = `${/listening on (\S+)/.exec(await cli.said(/listening on \S+/))?.[1]}/api/v1`
  const file = join(dataDir, 'claude-code-api.db')
  /** The largest file that the server may write; what exceeds it fails as on a full disk. */
  const limit = (bytes: number | 'unlimited') =>
    run('prlimit', ['--pid', String(cli.child.pid), `--fsize=${bytes}:unlimited`])
  return { cli, base, file, limit, ...createClient(base, key) }
}

describe('a disk without space', () => {
  test('clear errors while it lasts, nothing is corrupted, and all goes on when there is space', async () => {
    const { file, limit, call, createSession, ask, cli } = await openOnDisk()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const before = (await call('GET', `/sessions/${id}/messages`)).body.pagination.total
    const running = ask(id, 'Count slowly to 5')
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')

    await limit(Math.max(statSync(file).size, statSync(`${file}-wal`).size) + 1)
    const refused = await call('POST', '/sessions', { metadata: { filler: 'x'.repeat(15_000) } })
    expect(refused).toMatchObject({ status: 500, body: { error: { code: 'SESSION_CREATE_FAILED' } } })
    expect(JSON.stringify(refused.body)).not.toMatch(/sqlite|disk|full|i\/o/i)
    const other = await ask(id, 'x'.repeat(20_000), { background: true })
    expect(other).toMatchObject({ status: 500, body: { error: { code: 'MESSAGE_SEND_FAILED' } } })
    await until(async () => (await call('GET', '/health')).status === 503)
    expect((await call('GET', `/sessions/${id}/messages`)).body.messages.length).toBeGreaterThanOrEqual(
      before,
    )

    await limit('unlimited')
    // What the running turn said meanwhile is not lost.
    expect((await running).body).toMatchObject({
      stopReason: 'end_turn',
      response: expect.stringContaining('5'),
    })
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    await until(async () => (await call('GET', '/health')).status === 200)
    const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
    expect(messages.filter((message: { source: string }) => message.source === 'user')).toHaveLength(3)
    cli.child.kill('SIGTERM')
    expect(await cli.ended).toBe(0)
    const database = new DatabaseSync(file, { readOnly: true })
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    database.close()
  })
})

describe('a database that another process has locked', () => {
  test('waits for it, answers an error when it takes too long, and recovers', async () => {
    const { file, call, createSession, ask } = await openOnDisk()
    const id = await createSession()
    await ask(id, 'hello')
    // The server may still write what has come of the turn.
    const other = new DatabaseSync(file, { timeout: 10_000 })
    other.exec('begin immediate')
    expect(await call('POST', '/sessions', {})).toMatchObject({
      status: 500,
      body: { error: { code: 'SESSION_CREATE_FAILED' } },
    })
    expect((await call('GET', `/sessions/${id}`)).status).toBe(200)
    other.exec('rollback')
    other.close()
    expect((await call('POST', '/sessions', {})).status).toBe(201)
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })
})
