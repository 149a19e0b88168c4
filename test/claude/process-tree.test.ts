import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readBootId, readEntry } from '../../src/claude/process/process-table.ts'
import { markerVariable } from '../../src/claude/process/process-tree.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openStore } from '../../src/store/open-store.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudesOf, kill, programsOf } from '../support/processes.ts'
import { openAwkward, processesWith } from './awkward.ts'

/** The program itself, its two detached children, one that init has adopted, and one in its own group. */
const family = 5

/** Whether all of it is there, and nothing else: the shell that starts one of its three waiting programs ends by itself. */
function isWhole(pids: readonly number[]): boolean {
  const waiting = programsOf('tail -f /dev/null').filter(pid => pids.includes(pid) && !isShell(pid))
  return pids.length === family && waiting.length === 3
}

const isShell = (pid: number) => programsOf('sh -c').includes(pid)

describe('what a process has started', () => {
  async function openFamily() {
    const server = await openAwkward()
    const id = await server.createSession()
    server.behave('start a family')
    expect((await server.ask(id, 'go')).status).toBe(200)
    await until(() => isWhole(server.living()))
    return { ...server, id }
  }

  test('lives on between turns', async () => {
    const { ask, behave, living, id } = await openFamily()
    const before = living()
    behave('well')
    expect((await ask(id, 'again')).status).toBe(200)
    expect(living()).toEqual(before)
  })

  test('ends when the session ends, also what is deaf to SIGTERM', async () => {
    const { call, living, id } = await openFamily()
    await call('DELETE', `/sessions/${id}`)
    await until(() => living().length === 0)
  })

  test('ends when the server closes, before close resolves', async () => {
    const { close, living } = await openFamily()
    await close()
    expect(living()).toEqual([])
  })

  test('ends when the process is killed from outside', async () => {
    const { living, behave, createSession, ask } = await openAwkward()
    const id = await createSession()
    behave('start a family and stay silent')
    const running = ask(id, 'go')
    await until(() => isWhole(living()))
    for (const pid of claudesOf(process.pid, id)) kill(pid)
    expect(await running).toMatchObject({ body: { error: { details: { reason: 'process_died' } } } })
    expect(living()).toEqual([])
  })
})

test('what the tools of the real Claude Code leave behind ends with its process', async () => {
  const variable = `FAMILY_OF=${crypto.randomUUID()}`
  const [name = '', value = ''] = variable.split('=')
  const { createSession, ask, call, model, cwd } = await openServer({
    agentEnv: { [name]: value, IS_SANDBOX: '1' },
    allowBypassPermissions: true,
  })
  writeFileSync(
    join(cwd, 'deaf.mjs'),
    `process.on('SIGTERM', () => {}); process.stdin.resume(); setInterval(() => {}, 60000)`,
  )
  writeFileSync(
    join(cwd, '.mcp.json'),
    JSON.stringify({ mcpServers: { deaf: { command: process.execPath, args: [join(cwd, 'deaf.mjs')] } } }),
  )
  model.script('leave something', [
    toolUse('Bash', {
      command:
        'tail -f /dev/null & setsid tail -f /dev/null >/dev/null 2>&1 & ' +
        '(sh -c \'trap "" TERM; tail -f /dev/null; true\' >/dev/null 2>&1 &); echo started',
    }),
    text('done'),
  ])
  model.script('background', [
    toolUse('Bash', { command: 'tail -f /dev/null', run_in_background: true }),
    text('done'),
  ])
  for (const ending of ['DELETE', 'SIGKILL'] as const) {
    const id = await createSession({ permissionMode: 'bypassPermissions' })
    expect((await ask(id, 'leave something')).status).toBe(200)
    expect((await ask(id, 'background')).status).toBe(200)
    // The process, four programs that wait for ever, two shells around them.
    await until(() => processesWith(variable).length >= 7)
    if (ending === 'DELETE') await call('DELETE', `/sessions/${id}`)
    else for (const pid of claudesOf(process.pid, id)) kill(pid)
    await until(() => processesWith(variable).length === 0)
  }
})

describe('after a crash', () => {
  /** Something detached, as a former life could have left it; ended after the test. */
  async function start(marker: string | undefined): Promise<ChildProcess & { pid: number }> {
    const child = spawn('tail', ['-f', '/dev/null'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: '/usr/bin:/bin', ...(marker !== undefined && { [markerVariable]: marker }) },
    })
    await once(child, 'spawn')
    onTestFinished(() => void child.kill('SIGKILL'))
    return child as ChildProcess & { pid: number }
  }
  const startOf = (pid: number) => `${readBootId()}/${readEntry(pid)?.startTicks}`

  test('the processes that it left are ended, with what they had started; others are not touched', async () => {
    const dataDir = temporaryDirectory()
    const left = await start('left')
    const orphan = await start('gone')
    const reused = await start(undefined)
    const rebooted = await start('rebooted')
    const stranger = await start('of another server')
    const store = await openStore({ file: join(dataDir, 'claude-code-api.db') })
    const record = (pid: number, startedAt: string, marker: string) =>
      store.processes.recordProcess({ pid, startedAt, marker, claudeSessionId: null })
    await record(left.pid, startOf(left.pid), 'left')
    // Its own process is gone, its tool's is not.
    await record(999_999_999, startOf(left.pid), 'gone')
    await record(reused.pid, `${readBootId()}/1`, 'reused')
    await record(rebooted.pid, `another boot/${readEntry(rebooted.pid)?.startTicks}`, 'rebooted')
    await store.close()
    const ends = [once(left, 'exit'), once(orphan, 'exit')]
    const { close } = await openServer({ dataDir })
    await Promise.all(ends)
    for (const child of [reused, rebooted, stranger]) {
      expect(child.exitCode ?? child.signalCode).toBeNull()
    }
    await close()
    const reopened = await openStore({ file: join(dataDir, 'claude-code-api.db') })
    expect(await reopened.processes.listProcesses()).toEqual([])
    await reopened.close()
  })

  test('what runs is written down', async () => {
    const dataDir = temporaryDirectory()
    const { createSession, ask, close, cwd } = await openServer({ dataDir })
    const id = await createSession()
    await ask(id, 'What is 6 times 7?')
    const [pid = 0] = claudesOf(process.pid, id)
    // Read the way that a copy of the file would be: the server holds it.
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(join(dataDir, 'claude-code-api.db'), { readOnly: true })
    // The process that was asked what Claude Code is may be on its way out.
    const rows = db.prepare('select * from processes where claude_session_id is not null').all()
    db.close()
    expect(rows).toMatchObject([{ pid, started_at: startOf(pid), claude_session_id: id }])
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    expect(environment).toContain(`${markerVariable}=${rows[0]?.marker}`)
    await close()
    expect(cwd).not.toBe('')
  })
})
