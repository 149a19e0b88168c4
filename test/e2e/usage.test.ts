import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

const counted = (inputTokens: number, outputTokens: number) => ({
  usage: { inputTokens, outputTokens, cacheReadTokens: 7, cacheCreationTokens: 3 },
})

/** Not over before it is broken off. */
const endless = { fragmentSize: 50, holdAfterFragments: 2, holdUntil: new Promise(() => {}) }

test('each turn has its share by model, and the session is their sum', async () => {
  const { call, createSession, ask, model } = await openServer()
  const id = await createSession({ model: 'sonnet' })
  model.script('list it', [
    toolUse('Bash', { command: 'echo hello' }, counted(100, 10)),
    text('done', counted(200, 20)),
  ])
  model.script('and again', text('again', counted(1000, 100)))
  const empty = (await call('GET', `/sessions/${id}/usage`)).body
  expect(empty).toMatchObject({ turns: 0, activeMs: 0, costUsd: 0, costComplete: true, models: [] })

  const first = (await ask(id, 'list it')).body
  expect(first.usage).toMatchObject({ inputTokens: 300, outputTokens: 30, cacheReadInputTokens: 14 })
  expect((await call('PATCH', `/sessions/${id}`, { model: 'haiku' })).status).toBe(200)
  const second = (await ask(id, 'and again')).body
  const turnOf = async ({ turnId }: { turnId: string }) =>
    (await call('GET', `/sessions/${id}/turns/${turnId}`)).body
  const turns = [await turnOf(first), await turnOf(second)]
  expect(turns.map(turn => turn.modelUsage)).toEqual([
    [
      expect.objectContaining({
        model: expect.stringContaining('sonnet'),
        ...first.usage,
        costUsd: expect.closeTo(first.costUsd),
        costComplete: true,
      }),
    ],
    [expect.objectContaining({ model: expect.stringContaining('haiku'), ...second.usage })],
  ])

  const usage = (await call('GET', `/sessions/${id}/usage`)).body
  expect(usage).toEqual({
    sessionId: id,
    turns: 2,
    activeMs: turns[0].durationMs + turns[1].durationMs,
    tokens: { inputTokens: 1300, outputTokens: 130, cacheReadInputTokens: 21, cacheCreationInputTokens: 9 },
    tokensComplete: true,
    costUsd: expect.closeTo(first.costUsd + second.costUsd, 8),
    costComplete: true,
    betweenTurns: {
      times: 0,
      activeMs: 0,
      tokens: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
      costUsd: 0,
    },
    models: expect.arrayContaining([
      { ...turns[0].modelUsage[0], costUsd: expect.closeTo(first.costUsd, 8) },
      { ...turns[1].modelUsage[0], costUsd: expect.closeTo(second.costUsd, 8) },
    ]),
  })
})

test('an answer that is broken off counts with what there was of it', async () => {
  const { call, createSession, stream, model } = await openServer()
  const id = await createSession()
  model.script('go on and on', text('word '.repeat(100), { ...endless, ...counted(500, 900) }))
  for await (const { event } of stream(id, { prompt: 'go on and on', includeDeltas: true })) {
    if (event === 'delta') await call('POST', `/sessions/${id}/interrupt`)
  }
  const [turn] = (await call('GET', `/sessions/${id}/turns`)).body.turns
  expect(turn).toMatchObject({
    status: 'interrupted',
    usage: { inputTokens: 500, cacheReadInputTokens: 7 },
    modelUsage: [{ inputTokens: 500, costUsd: turn.costUsd, costComplete: true }],
  })
  expect(turn.costUsd).toBeGreaterThan(0)
  expect(turn.usage.outputTokens).toBeLessThan(900)
  const usage = (await call('GET', `/sessions/${id}/usage`)).body
  expect(usage).toMatchObject({
    turns: 1,
    tokens: turn.usage,
    tokensComplete: true,
    costUsd: turn.costUsd,
    costComplete: true,
    models: turn.modelUsage,
  })
})

test('a turn that was called off before its answer began may have cost something', async () => {
  const { call, createSession, ask, model } = await openServer()
  const id = await createSession()
  let asked = false
  model.script('take your time', ({ signal }) => {
    asked = true
    return text('', { holdUntil: new Promise(resolve => signal.addEventListener('abort', resolve)) })
  })
  const stopped = ask(id, 'take your time')
  await until(() => asked)
  await call('POST', `/sessions/${id}/interrupt`)
  expect((await stopped).body).toMatchObject({ stopReason: 'interrupted', usage: null, costUsd: null })
  expect((await call('GET', `/sessions/${id}/usage`)).body).toMatchObject({
    turns: 1,
    tokensComplete: false,
    costComplete: false,
    models: [],
  })
})

test('a turn whose process is killed counts with what was seen of it', async () => {
  const { call, createSession, ask, model } = await openServer()
  const id = await createSession()
  let asked = 0
  model.script('work', ({ round }) => {
    asked = round
    return round === 0
      ? toolUse('Bash', { command: 'echo hello' }, counted(100, 10))
      : text('word '.repeat(100), { ...endless, ...counted(200, 900) })
  })
  const broken = ask(id, 'work')
  await until(() => asked === 1)
  const turnId = (await call('GET', `/sessions/${id}/turns`)).body.turns[0].turnId
  await until(async () => (await call('GET', `/sessions/${id}/messages`)).body.messages.length >= 4)
  for (const pid of claudesOf(process.pid, id)) process.kill(pid, 'SIGKILL')
  expect((await broken).body.error.details.reason).toBe('process_died')
  const { usage, costUsd, modelUsage } = (await call('GET', `/sessions/${id}/turns/${turnId}`)).body
  expect(usage.inputTokens).toBeGreaterThanOrEqual(100)
  expect(usage.outputTokens).toBeGreaterThanOrEqual(10)
  expect(costUsd).toBeNull()
  expect(modelUsage).toEqual([
    { model: expect.any(String), ...usage, costUsd: null, costComplete: false, webSearchRequests: 0 },
  ])
  expect((await call('GET', `/sessions/${id}/usage`)).body).toMatchObject({
    tokens: usage,
    costComplete: false,
  })
})

test('what Claude does by itself after a background task is in no turn, but in the sums and the budget', async () => {
  const { call, createSession, ask, model, cwd } = await openServer()
  const release = join(cwd, 'release')
  const command = `until [ -e ${release} ]; do sleep 0.05; done`
  model.script('in the background', [
    toolUse('Bash', { command, description: 'wait', run_in_background: true }, counted(100, 10)),
    text('It waits', counted(200, 20)),
  ])
  // Claude Code tells of a task that has ended in a prompt without a person's words.
  model.script(({ text }) => text === '', text('It has ended', counted(4000, 400)))
  model.script('and now', text('Nothing', counted(1000, 100)))
  const id = await createSession({ allowedTools: ['Bash'], maxBudgetUsd: 100 })
  const usageOf = async () => (await call('GET', `/sessions/${id}/usage`)).body
  const first = (await ask(id, 'in the background')).body
  writeFileSync(release, '')
  await until(async () => (await usageOf()).betweenTurns.times === 1)
  const second = (await ask(id, 'and now')).body
  expect([first.usage.inputTokens, second.usage.inputTokens]).toEqual([300, 1000])

  const { betweenTurns, ...usage } = await usageOf()
  expect(betweenTurns).toMatchObject({ times: 1, tokens: { inputTokens: 4000, outputTokens: 400 } })
  expect(betweenTurns.costUsd).toBeGreaterThan(second.costUsd)
  const costUsd = first.costUsd + second.costUsd + betweenTurns.costUsd
  expect(usage).toMatchObject({
    turns: 2,
    tokens: { inputTokens: 5300, outputTokens: 530 },
    tokensComplete: true,
    costUsd: expect.closeTo(costUsd, 8),
    costComplete: true,
    models: [{ inputTokens: 5300, costUsd: expect.closeTo(costUsd, 8) }],
  })
  await call('PATCH', `/sessions/${id}`, { maxBudgetUsd: first.costUsd + second.costUsd })
  expect(await ask(id, 'and now')).toMatchObject({
    status: 402,
    body: { error: { details: { spent: expect.closeTo(costUsd, 8) } } },
  })
})
