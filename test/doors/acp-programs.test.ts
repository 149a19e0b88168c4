import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { methods, ndJsonStream } from '@agentclientprotocol/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { choosing, connectAcp, textOf, updatesOf } from '../support/acp-client.ts'
import { openOnce } from '../support/lifetime.ts'
import { watch } from '../support/open-cli.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const acpx = join(import.meta.dirname, '../../node_modules/acpx/dist/cli.js')

const shared = openOnce(async () => {
  const server = await openServer({ doors: ['acp'] })
  const home = temporaryDirectory()
  const env = {
    CLAUDE_CODE_API_URL: server.base,
    CLAUDE_API_KEY: apiKey,
    HOME: home,
    PATH: process.env.PATH ?? '',
  }
  return { ...server, env }
})

function start(program: string, args: string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...shared().env, ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return { ...watch(child), child }
}

test('the command speaks the protocol over its standard input and output, and ends with them', async () => {
  const { base, cwd, model, env } = shared()
  model.script('write', [
    toolUse('Write', { file_path: join(cwd, 'by-stdio'), content: 'x' }),
    text('Written.'),
  ])
  const child = spawn(process.execPath, [main, 'acp', '--empty-workspace'], { env })
  const ended = once(child, 'exit')
  onTestFinished(() => void child.kill())
  const stream = ndJsonStream(
    Writable.toWeb(child.stdin) as WritableStream<Uint8Array>,
    Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>,
  )
  const acp = await connectAcp(base, { stream })
  acp.handlers.permission = () => choosing('reject')
  const opened = await acp.open(cwd)
  expect(opened._meta).not.toMatchObject({ 'claude-code-api': { cwd } })
  expect(await acp.prompt(opened.sessionId, 'write')).toMatchObject({ stopReason: 'end_turn' })
  expect(textOf(acp.updates)).toBe('Written.')
  expect(updatesOf(acp.updates, 'tool_call_update')).toMatchObject([{ status: 'failed' }])
  const { sessions } = await acp.agent.request(methods.agent.session.list, {})
  expect(sessions.map(({ sessionId }) => sessionId)).toContain(opened.sessionId)
  child.stdin.end()
  expect(await ended).toEqual([0, null])
})

test('the command says at once that the key is wrong, or that there is no server', async () => {
  const wrong = start(main, ['acp'], { CLAUDE_API_KEY: 'wrong-key' })
  const nowhere = start(main, ['acp', '--url', 'http://127.0.0.1:1'])
  expect(await wrong.ended).toBe(1)
  expect(wrong.stderr()).toContain('INVALID_API_KEY')
  expect(await nowhere.ended).toBe(3)
  expect(wrong.stdout() + nowhere.stdout()).toBe('')
})

test('acpx runs a prompt, and later loads a session and sets its mode', async () => {
  const { cwd, model, call } = shared()
  model.script('make it', [
    toolUse('Bash', { command: `touch ${join(cwd, 'by-acpx')}` }),
    text('It is made.'),
  ])
  const agent = `${process.execPath} ${main} acp`
  const run = async (...args: string[]) => {
    const { child, ended, stdout, stderr } = start(acpx, [
      '--agent',
      agent,
      '--cwd',
      cwd,
      '--approve-all',
      ...args,
    ])
    child.stdin.end()
    expect([await ended, stderr()]).toMatchObject([0, expect.any(String)])
    return stdout()
  }
  expect(await run('exec', 'make it')).toMatch(/\[tool\][\s\S]*It is made\.[\s\S]*\[done\] end_turn/)
  expect(existsSync(join(cwd, 'by-acpx'))).toBe(true)
  await run('sessions', 'new')
  const [{ sessionId }] = (await call('GET', '/sessions')).body.sessions
  await run('set-mode', 'plan')
  expect((await call('GET', `/sessions/${sessionId}`)).body.config.permissionMode).toBe('plan')
})

test('the example asks a person, and the guide shows it', async () => {
  const { cwd, model, env } = shared()
  model.script('make it', [
    toolUse('Bash', { command: `touch ${join(cwd, 'by-example')}` }),
    text('It is made.'),
  ])
  const example = runExample('doors/acp.ts', ['make it'], env)
  await example.says('Allow for this session')
  example.child.stdin.write('yes\n')
  await until(() => example.said().split('Number: ').length > 2)
  example.child.stdin.write('1\n')
  expect([await example.ended, example.complained()]).toEqual([0, ''])
  expect(example.said()).toContain('Claude: It is made.')
  const guide = readFileSync(join(examples, '../docs/guides/door-acp.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/acp.ts'), 'utf8').trim())
})
