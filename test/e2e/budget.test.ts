import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf, kill } from '../support/processes.ts'

/** A server whose model says everything for ten cents. */
async function openDimes(options: Parameters<typeof openServer>[0] = {}) {
  const server = await openServer({ ...options })
  // 4 dollars for a million tokens of input.
  server.model.script(prompt => prompt.model.includes('opus'), text('done', { usage: dime }))
  return server
}

const dime = { inputTokens: 25_000, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 }
const spends = (costUsd: number) => ({ status: 200, body: { costUsd: expect.closeTo(costUsd, 6) } })
const stops = { status: 200, body: { stopReason: 'budget' } }
const refused = (limit: number, spent: number) => ({
  status: 402,
  body: { error: { code: 'BUDGET_EXCEEDED', details: { limit, spent: expect.closeTo(spent, 6) } } },
})

describe('a budget', () => {
  test('ends the turn that reaches it, refuses later ones, and can be raised', async () => {
    const { call, createSession, ask, send } = await openDimes()
    const id = await createSession({ maxBudgetUsd: 0.25 })
    expect(await ask(id, 'one')).toMatchObject({ ...spends(0.1), body: { stopReason: 'end_turn' } })
    expect(await ask(id, 'two')).toMatchObject(spends(0.1))
    expect(await ask(id, 'three')).toMatchObject(stops)
    expect(await ask(id, 'four')).toMatchObject(refused(0.25, 0.3))
    const streamed = await send('POST', `/sessions/${id}/stream`, { prompt: 'five' })
    expect(streamed.status).toBe(402)
    await streamed.text()
    expect((await call('GET', `/sessions/${id}/turns`)).body.pagination.total).toBe(3)

    expect((await call('PATCH', `/sessions/${id}`, { maxBudgetUsd: 0.5 })).body.config.maxBudgetUsd).toBe(0.5)
    expect(await ask(id, 'six')).toMatchObject({ ...spends(0.1), body: { stopReason: 'end_turn' } })
    expect(await ask(id, 'seven')).toMatchObject(stops)
    expect(await ask(id, 'eight')).toMatchObject(refused(0.5, 0.5))
    await call('PATCH', `/sessions/${id}`, { maxBudgetUsd: null })
    expect(await ask(id, 'nine')).toMatchObject(spends(0.1))
  })

  test('counts on in the next process', async () => {
    const { createSession, ask, call } = await openDimes({ idleTimeoutMs: 20 })
    const id = await createSession({ maxBudgetUsd: 0.25 })
    for (const prompt of ['one', 'two']) {
      expect(await ask(id, prompt)).toMatchObject(spends(0.1))
      await until(() => claudesOf(process.pid, id).length === 0)
    }
    expect(await ask(id, 'three')).toMatchObject(stops)
    expect(await ask(id, 'four')).toMatchObject(refused(0.25, 0.3))
    // Less than what is spent already.
    await call('PATCH', `/sessions/${id}`, { maxBudgetUsd: 0.2 })
    expect(await ask(id, 'five')).toMatchObject(refused(0.2, 0.3))
  })

  test('a turn that waited until it was reached asks the model nothing', async () => {
    const { createSession, ask, model } = await openDimes()
    const id = await createSession({ maxBudgetUsd: 0.15 })
    const answers = await Promise.all(['one', 'two', 'three', 'four'].map(prompt => ask(id, prompt)))
    expect(answers.map(({ body }) => body.stopReason).sort()).toEqual([
      'budget',
      'budget',
      'budget',
      'end_turn',
    ])
    expect(model.requests.filter(({ kind }) => kind === 'prompt')).toHaveLength(2)
    expect(await ask(id, 'five')).toMatchObject({ status: 402 })
  })

  test('counts what a lost process has spent', async () => {
    const { createSession, ask, model } = await openServer()
    model.script('work', [
      toolUse('Bash', { command: 'true' }, { usage: dime }),
      text('x', { holdUntil: new Promise(() => {}) }),
    ])
    model.script('cheap', text('done', { usage: dime }))
    const id = await createSession({ maxBudgetUsd: 0.15, allowedTools: ['Bash'] })
    const running = ask(id, 'work')
    await until(() => model.requests.filter(({ kind }) => kind === 'prompt').length === 2)
    for (const pid of claudesOf(process.pid, id)) kill(pid)
    expect((await running).body.error.details.reason).toBe('process_died')
    // Whether the ten cents of its first request are known or estimated: with those of the next turn they are too much.
    expect(await ask(id, 'cheap')).toMatchObject({ status: 200 })
    expect(await ask(id, 'cheap')).toMatchObject({ status: 402 })
  })
})
