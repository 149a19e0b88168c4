import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as ModernClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openCli } from '../support/open-cli.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'

const server = shareServer({ doors: ['mcp'] })
const session = openOnce(async () => ({
  sessionId: await server().createSession({ permissionPrompts: 'ask' }),
}))
const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** The command needs the API only, not the door. */
function toCommand() {
  const env = { PATH: '/usr/bin:/bin', CLAUDE_API_KEY: apiKey }
  return { command: process.execPath, args: [main, 'mcp', '--url', server().base], env }
}

test('the command serves MCP on standard input and output to sdk 1', async () => {
  const file = join(server().cwd, 'by-stdio')
  server().model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('That was it.')])
  const client = new Client({ name: 'tests', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { decision: 'allow' } }))
  endsLater(() => client.close())
  await client.connect(new StdioClientTransport(toCommand()))
  const call = async (name: string, input: object, options: object = {}) =>
    // biome-ignore lint/suspicious/noExplicitAny: the client has checked the shape
    (await client.callTool({ name, arguments: { ...input } }, undefined, options)) as any
  const { sessionId } = session()
  const seen: string[] = []
  const onprogress = ({ message }: { message?: string }) => void seen.push(message ?? '')
  const answer = await call('prompt', { sessionId, prompt: 'make it' }, { onprogress })
  expect(answer.content).toEqual([{ type: 'text', text: 'That was it.' }])
  expect(existsSync(file)).toBe(true)
  expect(seen.join('\n')).toContain('Bash {"command":"touch')

  const held = Promise.withResolvers<void>()
  server().model.script('wait long', text('never', { holdUntil: held.promise }))
  const leaving = new AbortController()
  const waiting = call(
    'prompt',
    { sessionId, prompt: 'wait long' },
    {
      signal: leaving.signal,
      onprogress: ({ message }: { message?: string }) => message === 'Claude has started' && leaving.abort(),
    },
  )
  await expect(waiting).rejects.toThrow()
  const shown = async () => (await server().call('GET', `/sessions/${sessionId}`)).body
  await until(async () => (await shown()).lastTurn.status === 'interrupted')
  held.resolve()
})

type OnElicitation = (signal: AbortSignal) => ElicitResult | Promise<ElicitResult>

/** A client that is asked by elicitation on standard input and output. */
async function openAsked(onElicitation: OnElicitation) {
  const client = new Client({ name: 'tests', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, (_, { signal }) => onElicitation(signal))
  endsLater(() => client.close())
  await client.connect(new StdioClientTransport(toCommand()))
  return async (name: string, input: object) =>
    // biome-ignore lint/suspicious/noExplicitAny: the client has checked the shape
    (await client.callTool({ name, arguments: { ...session(), ...input } })) as any
}

test('the command returns the request, and later the turn, if its client fails at an elicitation', async () => {
  const results: (() => ElicitResult)[] = [
    () => {
      throw new Error('no window')
    },
    () => ({ action: 'accept', content: { decision: 7 } }),
    () => ({ action: 'accept', content: { decision: { deep: true } } }) as unknown as ElicitResult,
    () => ({ action: 'cancel' }),
    () => ({ action: 'accept', content: { decision: 'allow' } }),
  ]
  const file = join(server().cwd, 'at-last')
  server().model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('That was it.')])
  const call = await openAsked(() => (results.shift() as () => ElicitResult)())
  let answer = await call('prompt', { prompt: 'make it' })
  const { turnId } = answer.structuredContent
  for (let failed = 0; failed < 4; failed++) {
    expect(answer.structuredContent).toMatchObject({
      turnId,
      status: 'requires_action',
      openRequests: [{ kind: 'tool' }],
    })
    answer = await call('wait_for_turn', { turnId })
  }
  expect(answer.content).toEqual([{ type: 'text', text: 'That was it.' }])
  expect([existsSync(file), results]).toEqual([true, []])
})

test('the command takes an elicitation back that is answered elsewhere', async () => {
  server().model.script('touch it', [toolUse('Bash', { command: 'touch nothing' }), text('Well.')])
  const call = await openAsked(async signal => {
    const path = `/sessions/${session().sessionId}/permissions`
    const { permissions } = (await server().call('GET', path)).body
    await server().call('POST', `${path}/${permissions[0].permissionId}`, { decision: 'deny' })
    await until(() => signal.aborted)
    return { action: 'cancel' }
  })
  expect((await call('prompt', { prompt: 'touch it' })).content).toEqual([{ type: 'text', text: 'Well.' }])
})

test('the command speaks the protocol of 2026 with client 2, and leaves turns running when its client leaves', async () => {
  const held = Promise.withResolvers<void>()
  server().model.script('take your time', text('Done', { holdUntil: held.promise }))
  const info = { name: 'tests', version: '1' }
  const client = new ModernClient(info, { versionNegotiation: { mode: 'auto' } })
  endsLater(() => client.close())
  await client.connect(new ModernTransport(toCommand()))
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
  const { sessionId } = session()
  const started = Promise.withResolvers<void>()
  const input = { name: 'prompt', arguments: { sessionId, prompt: 'take your time' } }
  const prompt = client.callTool(input, { onprogress: () => started.resolve() })
  await Promise.all([started.promise.then(() => client.close()), expect(prompt).rejects.toThrow()])
  held.resolve()
  const shown = async () => (await server().call('GET', `/sessions/${sessionId}`)).body
  // The client may have left when the turn was only queued.
  await until(async () => (await shown()).lastTurn.endedAt !== null)
  expect((await shown()).lastTurn.status).toBe('completed')
})

test('the command says what is wrong with its key', async () => {
  const env = { PATH: '/usr/bin:/bin', CLAUDE_API_KEY: 'wrong-key-of-a-test' }
  const cli = openCli(['mcp', '--url', server().base], env)
  expect(await cli.ended).toBe(1)
  expect([cli.stdout(), cli.stderr()]).toEqual(['', expect.stringContaining('INVALID_API_KEY')])
})

test('the example runs, and the guide shows it as it is', async () => {
  const file = join(server().cwd, 'by-example')
  server().model.script('create it', [toolUse('Bash', { command: `touch ${file}` }), text('It is there.')])
  const env = { CLAUDE_CODE_API_URL: server().base, CLAUDE_API_KEY: apiKey }
  const example = runExample('doors/mcp.ts', ['create it'], env)
  expect([await example.ended, example.complained()]).toEqual([0, ''])
  expect(example.said()).toContain('Claude asks: Claude wants to use Bash')
  expect(example.said()).toContain('Claude: It is there.')
  expect(existsSync(file)).toBe(true)
  const guide = readFileSync(join(examples, '../docs/guides/door-mcp.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/mcp.ts'), 'utf8').trim())
})
