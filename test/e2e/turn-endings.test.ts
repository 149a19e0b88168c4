import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiError, text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

/** A server whose owner has a hook in his settings: a program that gets what happens on its standard input. */
async function openWithHook(event: string, program: string) {
  const config = temporaryDirectory()
  mkdirSync(config, { recursive: true })
  const hooks = { [event]: [{ hooks: [{ type: 'command', command: program }] }] }
  writeFileSync(`${config}/settings.json`, JSON.stringify({ hooks }))
  const server = await openServer({
    allowedSettingSources: ['user'],
    environment: { CLAUDE_CONFIG_DIR: config },
    record: true,
  })
  const id = await server.createSession({ settingSources: ['user'], permissionMode: 'acceptEdits' })
  return { ...server, id }
}

const answering = (answer: object) => `echo '${JSON.stringify(answer)}'`
/** Answers to prompts that have the word alone. */
const onlyTo = (word: string, program: string) => `if grep -q ${word}; then ${program}; fi`

async function endOf({ call, id }: Awaited<ReturnType<typeof openWithHook>>, turnId: string) {
  const { body: turn } = await call('GET', `/sessions/${id}/turns/${turnId}`)
  const { body } = await call('GET', `/sessions/${id}/turns`)
  expect(body.turns.find((other: { turnId: string }) => other.turnId === turnId)).toEqual(turn)
  return turn
}

test.each([
  [
    'blocks it with JSON',
    answering({ decision: 'block', reason: 'policy says no' }),
    'blocked',
    'blocked_by_hook',
  ],
  ['blocks it by its exit code', 'echo policy says no >&2; exit 2', 'blocked', 'blocked_by_hook'],
  [
    'stops it',
    answering({ continue: false, stopReason: 'policy says no' }),
    'stopped_by_hook',
    'stopped_by_hook',
  ],
])(
  'a hook on prompts %s: no answer, and its text is a notice',
  async (_, program, stopReason, promptOutcome) => {
    const server = await openWithHook('UserPromptSubmit', onlyTo('forbidden', program))
    const { ask, stream, call, model, id } = server
    const answer = await ask(id, 'something forbidden')
    expect(answer).toMatchObject({
      status: 200,
      body: { stopReason, response: '', notice: 'policy says no', ending: { promptOutcome } },
    })
    expect(model.requests.filter(({ kind }) => kind === 'prompt')).toEqual([])
    const { turnId } = answer.body
    expect(await endOf(server, turnId)).toMatchObject({
      status: 'completed',
      stopReason,
      response: '',
      notice: 'policy says no',
      ending: { promptOutcome },
    })
    const frames = await Array.fromAsync(stream(id, { prompt: 'forbidden as well' }))
    expect(frames.at(-1)).toMatchObject({
      event: 'complete',
      data: { stopReason, summary: '', notice: 'policy says no', ending: { promptOutcome } },
    })
    const events = await (await server.send('GET', `/sessions/${id}/events?turnId=${turnId}`)).text()
    expect(events).toMatch(/event: turn\.completed\n.*\n?data: .*"notice":"policy says no"/)
    const markdown = await (await server.send('GET', `/sessions/${id}/export?format=markdown`)).text()
    expect(markdown).toContain(`Turn completed: ${stopReason.replaceAll('_', ' ')}, policy says no`)
    model.script('welcome', text('Hello'))
    expect((await ask(id, 'welcome')).body).toMatchObject({ stopReason: 'end_turn', response: 'Hello' })
    expect((await call('GET', `/sessions/${id}/turns`)).body.turns.at(-1)).not.toHaveProperty('notice')
  },
)

test.each(['PreToolUse', 'PostToolUse'])('a hook on tools stops the turn: %s', async event => {
  const server = await openWithHook(event, answering({ continue: false, stopReason: 'enough' }))
  const call = toolUse('Bash', { command: 'echo hi' })
  server.model.script('work', { blocks: [{ type: 'text', text: 'Let me see.' }, ...call.blocks] })
  expect(await server.ask(server.id, 'work')).toMatchObject({
    status: 200,
    body: {
      stopReason: 'stopped_by_hook',
      response: 'Let me see.',
      ending: { terminalReason: 'hook_stopped' },
    },
  })
})

test('a Stop hook ends the turn: the answer is there', async () => {
  const server = await openWithHook('Stop', answering({ continue: false, stopReason: 'enough' }))
  server.model.script('question', text('The answer.'))
  expect(await server.ask(server.id, 'question')).toMatchObject({
    status: 200,
    body: {
      stopReason: 'stopped_by_hook',
      response: 'The answer.',
      ending: { terminalReason: 'stop_hook_prevented' },
    },
  })
})

test('a Stop hook that blocks to the end: the last text, and its words are not the user’s', async () => {
  const server = await openWithHook('Stop', answering({ decision: 'block', reason: 'check once more' }))
  let count = 0
  server.model.script(
    () => true,
    () => text(`answer ${++count}`),
  )
  const { status, body } = await server.ask(server.id, 'question')
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { stopReason: 'end_turn', response: `answer ${count}`, notice: expect.any(String) },
  })
  expect(count).toBeGreaterThan(2)
  const { body: history } = await server.call('GET', `/sessions/${server.id}/messages?limit=1000`)
  const feedback = history.messages.filter((message: object) =>
    JSON.stringify(message).includes('check once more'),
  )
  expect(feedback).toHaveLength(count)
  for (const message of feedback)
    expect(message).toMatchObject({ source: 'sdk', synthetic: true, type: 'user' })
  const asked = history.messages.filter((message: { source: string }) => message.source === 'user')
  expect(asked).toHaveLength(1)
  expect(asked[0]).not.toHaveProperty('synthetic')
  const jsonl = await (await server.send('GET', `/sessions/${server.id}/export?format=jsonl`)).text()
  const lines = jsonl
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.filter(line => line.synthetic)).toHaveLength(count)
  const json = await (await server.send('GET', `/sessions/${server.id}/export?format=json`)).json()
  expect(
    (json as { messages: { synthetic?: true }[] }).messages.filter(({ synthetic }) => synthetic),
  ).toHaveLength(count)
  const markdown = await (await server.send('GET', `/sessions/${server.id}/export?format=markdown`)).text()
  expect(markdown.match(/### Prompt/g)).toHaveLength(1)
  expect(markdown).not.toContain('Input')
  expect(markdown.match(/Written by Claude Code<\/summary>\n\n```\nStop hook feedback/g)).toHaveLength(count)
  const page = await (await server.send('GET', `/sessions/${server.id}/export?format=html`)).text()
  expect(page.match(/class="prompt"/g)).toHaveLength(1)
  expect(page.match(/<summary>Written by Claude Code<\/summary>/g)).toHaveLength(count)
})

test('the model’s own stop reasons', async () => {
  const { createSession, ask, model, log } = await openServer()
  const id = await createSession()
  for (const stopReason of ['stop_sequence', 'pause_turn', 'compaction', 'strange_new']) {
    model.script(`ends with ${stopReason}`, text(`said ${stopReason}`, { stopReason }))
    expect((await ask(id, `ends with ${stopReason}`)).body).toMatchObject({
      stopReason: stopReason === 'strange_new' ? 'unknown' : stopReason,
      response: `said ${stopReason}`,
      ending: { terminalReason: 'completed', stopReason },
    })
  }
  expect(log.lines.filter(line => JSON.stringify(line).includes('turn outcome unknown'))).toEqual([
    expect.objectContaining({ ending: { terminalReason: 'completed', stopReason: 'strange_new' } }),
  ])
})

test('a refusal: what Claude had said, and what Claude Code says of it apart', async () => {
  const { createSession, ask, model } = await openServer()
  const id = await createSession()
  model.script(() => true, text('I would rather not', { stopReason: 'refusal' }))
  const { status, body } = await ask(id, 'something bad')
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      stopReason: 'refusal',
      response: 'I would rather not',
      notice: expect.stringContaining('API Error'),
    },
  })
})

test('an answer that was cut by the output limit arrives whole', async () => {
  const { createSession, ask, model, call, send } = await openServer()
  const id = await createSession()
  const cut = { stopReason: 'max_tokens' }
  model.script('poem', [text('FIRST-', cut), text('SECOND-', cut), text('THIRD')])
  const { body } = await ask(id, 'a long poem')
  expect(body).toMatchObject({ stopReason: 'end_turn', response: 'FIRST-SECOND-THIRD' })
  const turn = await call('GET', `/sessions/${id}/turns/${body.turnId}`)
  expect(turn.body.response).toBe('FIRST-SECOND-THIRD')
  const html = await (await send('GET', `/sessions/${id}/export?format=html`)).text()
  expect(html.match(/class="prompt"/g)).toHaveLength(1)
})

test('when the output limit is never enough, what there is stays in the failed turn', async () => {
  const { createSession, ask, model, call, send } = await openServer()
  const id = await createSession()
  let count = 0
  model.script(
    () => true,
    () => text(`piece ${++count} `, { stopReason: 'max_tokens' }),
  )
  const { status, body } = await ask(id, 'a long poem')
  expect({ status, body }).toMatchObject({
    status: 500,
    body: { error: { details: { reason: 'max_output_tokens' } } },
  })
  const { turnId } = body.error.details
  const response = Array.from({ length: count }, (_, index) => `piece ${index + 1} `).join('')
  const turn = await call('GET', `/sessions/${id}/turns/${turnId}`)
  expect(turn.body).toMatchObject({
    status: 'failed',
    response,
    notice: expect.stringContaining('API Error'),
  })
  const events = await (await send('GET', `/sessions/${id}/events?turnId=${turnId}`)).text()
  expect(events).toContain(`"response":${JSON.stringify(response)}`)
})

test('an interrupted turn keeps what Claude had said', async () => {
  const { createSession, ask, model, call } = await openServer()
  const id = await createSession()
  const { promise: said, resolve } = Promise.withResolvers<void>()
  model.script('long', () => {
    resolve()
    return {
      ...text('Once upon a time'),
      holdUntil: new Promise(() => {}),
      holdAfterFragments: 3,
      fragmentSize: 2,
    }
  })
  const answer = ask(id, 'a long story')
  await said
  await call('POST', `/sessions/${id}/interrupt`)
  const { body } = await answer
  expect(body.stopReason).toBe('interrupted')
  const turn = await call('GET', `/sessions/${id}/turns/${body.turnId}`)
  expect('Once upon a time'.startsWith(body.response)).toBe(true)
  expect(turn.body.response ?? '').toBe(body.response)
})

test('an error of the model’s API is a notice, never an answer', async () => {
  const { createSession, ask, model, call } = await openServer()
  const id = await createSession()
  model.script('now', apiError(529, { shouldRetry: false }))
  const { body } = await ask(id, 'now')
  const { turnId, reason } = body.error.details
  expect(reason).toBe('overloaded')
  expect((await call('GET', `/sessions/${id}/turns/${turnId}`)).body).toMatchObject({
    response: null,
    notice: expect.stringContaining('Overloaded'),
    ending: { terminalReason: 'api_error', apiErrorStatus: 529 },
  })
})
