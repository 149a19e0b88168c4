import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { request as sendOn } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { boxEntry, handOver, toEntryCommand } from '../../src/claude/isolation/hand-over.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import { listen, openForwarder } from '../forwarder/open-forwarder.ts'
import { freePort } from '../support/free-port.ts'
import { makeHostile } from '../support/hostile-project.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const executable = join(
  import.meta.dirname,
  `../../node_modules/@anthropic-ai/claude-agent-sdk-linux-${process.arch}/claude`,
)

/** Runs the real Claude Code behind a channel, although without a box around it. */
async function runClaude(credentials: Record<string, string>, args: string[], prepare = (_: string) => {}) {
  const model = await openModel()
  const seen: { key: unknown; authorization: unknown }[] = []
  const upstream = await listen((request, response) => {
    seen.push({ key: request.headers['x-api-key'], authorization: request.headers.authorization })
    const sent = sendOn(new URL(request.url ?? '', model.url), {
      method: request.method,
      headers: request.headers,
    })
    sent.on('response', answer => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    sent.on('error', () => response.destroy())
    request.pipe(sent)
  })
  const home = temporaryDirectory()
  const cwd = join(home, 'project')
  mkdirSync(cwd)
  prepare(cwd)
  const { ANTHROPIC_API_KEY: _, ...common } = claudeEnvironment(upstream, home)
  const environment = { ...common, ...credentials }
  const port = await freePort()
  const { forwarder, warnings } = await openForwarder({
    environment,
    agentNetwork: 'none',
    channelPort: port,
  })
  const channel = forwarder.openChannel({}, { tenantId: 'default' })
  const [node = '', ...entry] = toEntryCommand(sourceEntry, String(port), executable, args)
  const child = spawn(node, entry, { cwd, env: {}, stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
  endsLater(() => child.kill('SIGKILL'))
  handOver(child, channel.inside(environment), listener => channel.serve(listener))
  return { model, child, seen, channel, warnings, port, output: readText(child.stdout as Readable) }
}

const sourceEntry = { node: process.execPath, entry: boxEntry }

const print = (prompt: string, ...more: string[]) => ['-p', prompt, '--output-format', 'json', ...more]

test('Claude Code works without the key, and neither its programs nor a hostile project get around the channel', async () => {
  const script = [
    // The hostile project has replaced the path.
    'PATH=/usr/bin:/bin',
    'tr "\\0" "\\n" < /proc/$PPID/environ',
    'env',
    'curl -sS -o /dev/null https://example.test 2>&1',
    'curl -s http://example.test',
  ].join('; ')
  const key = 'sk-made-up-for-this'
  const run = await runClaude(
    { ANTHROPIC_API_KEY: key },
    print('look around', '--allowedTools', 'Bash', '--setting-sources', 'user,project'),
    cwd => makeHostile(cwd, { ran: join(cwd, 'ran'), tag: 'h', baseUrl: 'http://127.0.0.1:9' }),
  )
  run.model.script('look around', ({ round, toolResults }) =>
    round === 0 ? toolUse('Bash', { command: script }) : text(toolResults[0]?.content ?? ''),
  )
  const [code] = await once(run.child, 'exit')
  const { result } = JSON.parse(await run.output)
  expect(code).toBe(0)
  expect(result).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:')
  expect(result).not.toContain(key)
  expect(result).toMatch(/CONNECT tunnel failed, response 403/)
  expect(result).toContain('agentNetwork: ["example.test:80"]')
  expect(new Set(run.seen.map(sent => sent.key))).toEqual(new Set([key]))
  expect(run.warnings.length).toBeGreaterThan(0)
})

test('a login stays outside too, and signals and exit reach Claude Code itself', async () => {
  const token = 'sk-ant-oat01-made-up'
  const run = await runClaude({ CLAUDE_CODE_OAUTH_TOKEN: token }, print('wait for it'))
  const asked = Promise.withResolvers<void>()
  run.model.script('wait for it', async () => {
    asked.resolve()
    await new Promise(() => {})
    return text('never')
  })
  await asked.promise
  expect(run.seen.at(-1)).toEqual({ key: undefined, authorization: `Bearer ${token}` })
  run.child.kill('SIGTERM')
  const [code] = await once(run.child, 'exit')
  expect(code).toBe(143)
})

test('the entry program ends with the server, and says what it cannot run', async () => {
  const start = async (command: string) => {
    const [node = '', ...entry] = toEntryCommand(sourceEntry, String(await freePort()), command, [])
    return spawn(node, entry, { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  }
  const waiting = await start(executable)
  const [, own] = await once(waiting, 'message')
  own.close()
  waiting.disconnect()
  expect(await once(waiting, 'exit')).toEqual([0, null])
  const missing = await start('/nonexistent/claude')
  const said = readText(missing.stderr as Readable)
  let served = false
  handOver(missing, {}, listener => {
    served = true
    listener.close()
  })
  expect(await once(missing, 'exit')).toEqual([127, null])
  expect(await said).toContain('/nonexistent/claude cannot be run')
  await until(() => served)
})
