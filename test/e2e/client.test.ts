import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import {
  applyEvent,
  applyEvents,
  ClaudeCodeClient,
  type Conversation,
  emptyConversation,
  type SessionEvent,
  type ToolCallView,
} from '../../src/client/index.ts'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const recorded = join(import.meta.dirname, '../fixtures/recorded-events')

function callsIn({ messages }: Pick<Conversation, 'messages'>): ToolCallView[] {
  return messages.flatMap(({ blocks }) => blocks.filter(block => block.type === 'tool_call'))
}

test('the reducer shows a whole conversation of the real Claude Code, live', async () => {
  const { model, base, cwd } = await openServer({ environment: { CLAUDE_CODE_MAX_RETRIES: '3' } })
  const client = new ClaudeCodeClient({ baseUrl: base, apiKey })
  const helper = { description: 'Helps', prompt: 'You help.', tools: ['Bash'] }
  const session = await client.createSession({
    permissionPrompts: 'ask',
    agents: { helper },
    title: 'recorded',
  })
  const errand = { subagent_type: 'helper', description: 'x', prompt: 'the errand', run_in_background: false }
  model.script('the errand', [toolUse('Bash', { command: `touch ${join(cwd, 'x')}` }), text('It is there')])
  model.script('send a helper', [
    together(thinking('Who could do it?'), text('I send a helper'), toolUse('Agent', errand)),
    text('The helper is done'),
  ])
  model.script('read it', [toolUse('Read', { file_path: join(cwd, 'none') }), text('It cannot be read')])
  const seen = Promise.withResolvers<void>()
  let count = 0
  model.script('break off', () =>
    count++ === 0
      ? text('This comes to nothing', {
          fragmentSize: 4,
          holdAfterFragments: 2,
          holdUntil: seen.promise,
          breakAfterFragments: 2,
        })
      : text('This is the answer', { fragmentSize: 4 }),
  )
  const held = Promise.withResolvers<void>()
  model.script('wait long', text('never', { holdUntil: held.promise }))

  const events: SessionEvent[] = []
  const states: Conversation[] = []
  let last = emptyConversation
  const leaving = new AbortController()
  const onRequest = { permission: () => 'allow' as const }
  const following = (async () => {
    for await (const event of session.follow({ includeDeltas: true, onRequest, signal: leaving.signal })) {
      events.push(event)
      last = applyEvent(last, event)
      states.push(last)
      if (event.type === 'delta' && JSON.stringify(last.messages).includes('This com')) seen.resolve()
      if (event.type === 'session.ended') return
    }
  })()
  await session.send('send a helper')
  const { turnId } = await session.send('read it')
  await session.send('break off')
  const long = session.send('wait long')
  await until(() => last.turns[3]?.status === 'running')
  const waiting = Promise.allSettled([long, session.send('and this')])
  await until(() => last.queue.length === 1)
  await session.interrupt({ clearQueue: true })
  expect((await waiting).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  held.resolve()
  await client.call('rewindSession', { params: { sessionId: session.id }, body: { toTurnId: turnId } })
  await session.end()
  await following

  expect(last).toMatchObject({ title: 'recorded', status: 'ended', state: 'idle', queue: [], requests: [] })
  expect(last.turns.map(({ status }) => status)).toEqual([
    'completed',
    'completed',
    'completed',
    'interrupted',
    'cancelled',
  ])
  expect(last.turns.map(({ isRewound }) => isRewound)).toEqual([false, true, true, true, false])
  const [agent, read] = callsIn(last)
  expect(agent?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant'])
  expect(read?.result?.isError).toBe(true)
  expect(states.some(({ state, requests }) => state === 'requires_action' && requests.length === 1)).toBe(
    true,
  )
  expect(JSON.stringify(last)).not.toContain('This com')
  expect(states.some(state => JSON.stringify(state.messages).includes('This com'))).toBe(true)
  expect(last.usage.outputTokens).toBeGreaterThan(0)
  expect(last.sequence).toBe((await session.get()).lastSequence)
  record('conversation', events, cwd)
})

test('the reducer shows what people type, and what Claude Code and the server say beside', async () => {
  const { model, base, cwd } = await openServer()
  const client = new ClaudeCodeClient({ baseUrl: base, apiKey })
  const helper = (...tools: string[]) => ({ description: 'Helps', prompt: 'You help.', tools })
  const agents = { outer: helper('Agent'), inner: helper('Bash') }
  const session = await client.createSession({ permissionPrompts: 'ask', agents })
  const errand = (subagent_type: string, prompt: string) =>
    toolUse('Agent', { subagent_type, description: prompt, prompt, run_in_background: false })
  model.script('inner errand', [toolUse('Bash', { command: 'echo deep' }), text('The inner one is done')])
  model.script('outer errand', [errand('inner', 'inner errand'), text('The outer one is done')])
  model.script('nest', [errand('outer', 'outer errand'), text('All is done')])
  const file = join(cwd, 'notes.txt')
  model.script('write it', [toolUse('Write', { file_path: file, content: 'one' }), text('It is written')])
  model.script('break', apiError(400, { message: 'no such thing' }))
  const params = { sessionId: session.id }
  const name = { params, query: { name: 'plan.txt' } }
  const { attachmentId } = await client.call('createAttachment', { ...name, body: 'the plan' })

  await session.send('nest')
  const changed = { decision: 'allow' as const, updatedInput: { file_path: file, content: 'two' } }
  await session.send('write it', { onRequest: { permission: () => changed } })
  await expect(session.send('break')).rejects.toMatchObject({ details: { reason: 'invalid_request' } })
  await session.send([
    { type: 'text', text: 'Look at it' },
    { type: 'document', source: { type: 'attachment', attachmentId } },
  ])
  await client.call('compactSession', { params, body: {} })
  await session.send('/context', { commands: true })
  await session.end()
  const events: SessionEvent[] = []
  for await (const event of session.follow()) events.push(event)
  record('typed', events, cwd)

  const shown = applyEvents(emptyConversation, events)
  const notices = shown.messages.flatMap(({ notice }) => notice ?? [])
  expect(notices).toEqual(['error', 'compaction', 'command', 'command'])
  const prompts = shown.messages.filter(
    ({ role, notice, isSynthetic }) => role === 'user' && notice === null && !isSynthetic,
  )
  expect(prompts.map(({ turnId }) => turnId)).toEqual(shown.turns.map(({ turnId }) => turnId))
  expect(prompts[3]?.blocks[1]).toMatchObject({ type: 'file', kind: 'document', source: { attachmentId } })
  const [outer, write] = callsIn(shown)
  const [inner] = callsIn(outer ?? { messages: [] })
  expect(callsIn(inner ?? { messages: [] })).toMatchObject([{ name: 'Bash', result: { isError: false } }])
  expect(write).toMatchObject({ input: { content: 'one' }, updatedInput: { content: 'two' } })
  expect(write?.result?.data).toMatchObject({ filePath: file })
  expect(shown.turns[2]).toMatchObject({ status: 'failed', error: { reason: 'invalid_request' } })
})

/** With `RECORD_EVENTS=1` it writes what the unit tests of the reducer replay. */
function record(name: string, events: readonly SessionEvent[], cwd: string): void {
  if (process.env.RECORD_EVENTS !== '1') return
  mkdirSync(recorded, { recursive: true })
  const lines = events.map(
    event =>
      `${JSON.stringify(event)
        .replaceAll(cwd, '/work')
        .replaceAll(/\/tmp\/[\w./-]*/g, '/tmp/x')}\n`,
  )
  writeFileSync(join(recorded, `${name}.jsonl`), lines.join(''))
}

test('a server that is killed and started again under a stream costs the turn, and nothing else', async () => {
  const model = await openModel()
  const home = temporaryDirectory()
  const env = claudeEnvironment(model, home)
  const options = { dataDir: join(home, 'data'), defaultCwd: home, auth: { apiKeys: [apiKey] } }
  const start = async (port: number) => {
    const cli = openServerProgram({ ...options, port }, env)
    const said = await cli.said(/listening on (\S+)/)
    return { cli, url: /listening on (\S+)/.exec(said)?.[1] ?? '' }
  }
  const first = await start(0)
  const client = new ClaudeCodeClient({ baseUrl: `${first.url}/api/v1`, apiKey, retries: 30 })
  const session = await client.createSession()
  const held = Promise.withResolvers<void>()
  model.script(
    'hold on',
    text('Some words that are said', { fragmentSize: 4, holdAfterFragments: 2, holdUntil: held.promise }),
  )
  const types: string[] = []
  const reading = (async () => {
    let conversation = emptyConversation
    for await (const event of session.stream('hold on')) {
      types.push(event.type)
      conversation = applyEvent(conversation, event)
      if (event.type === 'delta' && !first.cli.child.killed) first.cli.child.kill('SIGKILL')
    }
    return conversation
  })()
  await first.cli.ended
  await start(Number(new URL(first.url).port))
  const conversation = await reading
  held.resolve()
  expect(types.at(-1)).toBe('turn.lost')
  expect(types).toContain('reconnected')
  expect(new Set(types.filter(type => type === 'turn.started')).size).toBe(1)
  expect(JSON.stringify(conversation.messages)).not.toContain('partialIndex":0')
  expect((await session.send('What is 6 times 7?')).response).toContain('42')
})

test('the samples of the guide run as they are', async () => {
  const { base, cwd, model } = await openServer()
  model.script('Create a file hello.txt', [
    toolUse('Bash', { command: `touch ${join(cwd, 'hello.txt')}` }),
    text('It is there'),
  ])
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/client.md'), 'utf8')
  const samples = [...guide.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const source = pathToFileURL(join(import.meta.dirname, '../../src/client/index.ts')).href
  const outputs = samples.map(async (code, index) => {
    const file = join(cwd, `sample-${index}.ts`)
    writeFileSync(file, code.replaceAll("'claude-code-http-api/client'", `'${source}'`))
    const env = { PATH: '/usr/bin:/bin', CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
    const child = execFile(process.execPath, [file], { env })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', piece => {
        output += piece
        if (output.endsWith('(yes or no) ')) child.stdin?.write('yes\n')
      })
    }
    const [exitCode] = await once(child, 'close')
    return [exitCode, output]
  })
  const [first, bot, shown] = await Promise.all(outputs)
  expect(first).toEqual([0, expect.stringMatching(/42[\s\S]*1\n2\n3\n4\n5/)])
  expect(bot).toEqual([0, expect.stringContaining('Claude: It is there')])
  expect(existsSync(join(cwd, 'hello.txt'))).toBe(true)
  expect(shown).toEqual([0, expect.stringContaining("'assistant'")])
})
