import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { openReceiver } from '../support/webhook-receiver.ts'

const root = join(import.meta.dirname, '../..')
const bot = join(root, 'examples/approval-bot.ts')
const approver = join(root, 'examples/webhook-approver.ts')

type Program = ChildProcessByStdio<Writable, Readable, Readable>

function run(
  program: string,
  args: string[],
  env: Record<string, string>,
): { child: Program; said: () => string; complained: () => string } {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill())
  let output = ''
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', piece => {
    complaints += piece
  })
  child.stdout.setEncoding('utf8').on('data', piece => {
    output += piece
  })
  return { child, said: () => output, complained: () => complaints }
}

test.each(['yes', 'no'])('the bot of the guide asks before a command is run, and takes %s', async said => {
  const { model, base, cwd } = await openServer()
  const file = join(cwd, 'made')
  model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('That was it.')])
  const env = { PATH: '/usr/bin:/bin', CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
  const { child, said: output } = run(bot, ['make it'], env)
  const asked = Promise.withResolvers<void>()
  child.stdout.on('data', () => {
    if (output().includes('(yes or no)')) asked.resolve()
  })
  await asked.promise
  child.stdin.write(`${said}\n`)
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  expect(output()).toContain(`touch ${file}`)
  expect(output()).toContain('Claude: That was it.')
  expect(existsSync(file)).toBe(said === 'yes')
})

test('the bot of the guide says what went wrong, and fails', async () => {
  const { model, base } = await openServer()
  const bad = run(bot, ['hello'], {
    PATH: '/usr/bin:/bin',
    CLAUDE_CODE_API_URL: base,
    CLAUDE_API_KEY: 'wrong',
  })
  expect((await once(bad.child, 'close'))[0]).toBe(1)
  expect(bad.complained()).toContain('INVALID_API_KEY')
  model.script('break', apiError(400, { message: 'no such thing' }))
  const env = { PATH: '/usr/bin:/bin', CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
  const failed = run(bot, ['break'], env)
  expect((await once(failed.child, 'close'))[0]).toBe(1)
  expect(failed.complained()).toContain('turn.failed ')
})

test('the approver of the guide is woken by a webhook, and answers what it was told to', async () => {
  const reserved = await openReceiver()
  reserved.close()
  const { model, base, cwd, call, createSession } = await openServer({
    allowedPrivateHosts: [reserved.host],
  })
  const [wanted, unwanted] = [join(cwd, 'wanted'), join(cwd, 'unwanted')]
  model.script('make them', [
    toolUse('Bash', { command: `touch ${wanted}` }),
    toolUse('Bash', { command: `touch ${unwanted}` }),
    text('That was it.'),
  ])
  const env = {
    PATH: '/usr/bin:/bin',
    CLAUDE_CODE_API_URL: base,
    CLAUDE_API_KEY: apiKey,
    PORT: `${reserved.port}`,
  }
  const { child, said } = run(approver, [`touch ${wanted}`], env)
  await until(() => said().includes('sleeping'))
  const sessionId = await createSession({ permissionPrompts: 'ask' })
  const answer = await call('POST', `/sessions/${sessionId}/messages`, { prompt: 'make them' })
  expect(answer.body.response).toBe('That was it.')
  expect(existsSync(wanted)).toBe(true)
  expect(existsSync(unwanted)).toBe(false)
  expect(said()).toContain(`allow: Bash {"command":"touch ${wanted}"`)
  expect(said()).toContain(`deny: Bash {"command":"touch ${unwanted}"`)
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  expect((await call('GET', '/webhooks')).body.webhooks).toEqual([])
})

test('the guide shows the approver as it is', () => {
  const guide = readFileSync(join(root, 'docs/guides/approvals.md'), 'utf8')
  expect(guide).toContain(readFileSync(approver, 'utf8').trim())
})

test('the guide shows the bot as it is, and that is 30 lines', () => {
  const code = readFileSync(bot, 'utf8')
  expect(readFileSync(join(root, 'docs/guides/approvals.md'), 'utf8')).toContain(code.trim())
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(30)
})
