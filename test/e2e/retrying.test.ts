import { describe, expect, test } from 'vitest'
import { errorCatalogue } from '../../src/contract/errors.ts'
import { type ModelFailure, openFlakyModel } from '../support/flaky-model.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { openModel } from '../support/real-claude.ts'
import { sentTo } from '../support/sent-to-model.ts'

const overloaded: ModelFailure = {
  status: 529,
  type: 'overloaded_error',
  headers: { 'x-should-retry': 'false' },
}

async function open() {
  const model = await openModel({ record: true })
  const flaky = await openFlakyModel(model)
  const server = await openServer({ environment: { ANTHROPIC_BASE_URL: flaky.url } })
  const retry = (id: string, turnId: string, body: object = {}, headers: Record<string, string> = {}) =>
    server.call('POST', `/sessions/${id}/turns/${turnId}/retry`, body, { headers })
  /** Sends the prompt while the model fails. */
  const fail = async (id: string, prompt: unknown) => {
    flaky.failure = overloaded
    const { body } = await server.call('POST', `/sessions/${id}/messages`, { prompt })
    flaky.failure = undefined
    return body.error.details.turnId as string
  }
  /** How often the newest request to the model has the text. */
  const timesSent = (text: string) => (sentTo(model).at(-1)?.text.split(text).length ?? 1) - 1
  return { ...server, model: model, flaky, retry, fail, timesSent }
}

describe('a retry of a failed turn', () => {
  test('runs the prompt again as a new turn, and the model sees it once', async () => {
    const { call, ask, createSession, fail, retry, timesSent } = await open()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const turnId = await fail(id, 'What is my cat called? (marked-prompt)')
    const answer = await retry(id, turnId)
    expect(answer).toMatchObject({ status: 200, body: { stopReason: 'end_turn' } })
    expect(answer.body.response).toContain('Minka')
    expect(timesSent('marked-prompt')).toBe(1)
    const { turns } = (await call('GET', `/sessions/${id}/turns`)).body
    expect(turns.map(({ status, rewound }: { status: string; rewound?: true }) => [status, rewound])).toEqual(
      [
        ['completed', undefined],
        ['failed', true],
        ['completed', undefined],
      ],
    )
    expect(turns[2]).toMatchObject({ turnId: answer.body.turnId, prompt: turns[1].prompt })
    // Nothing of the failed one comes back later.
    await ask(id, 'What is 6 times 7?')
    expect(timesSent('marked-prompt')).toBe(1)
  })

  test('a plain repetition shows the model the prompt twice: what the retry is for', async () => {
    const { ask, createSession, fail, timesSent } = await open()
    const id = await createSession()
    await fail(id, 'What is 6 times 7? (marked-prompt)')
    await ask(id, 'What is 6 times 7? (marked-prompt)')
    expect(timesSent('marked-prompt')).toBe(2)
  })

  test('works for the first turn of a session, again after it failed again, and in the background', async () => {
    const { call, createSession, fail, flaky, retry, timesSent } = await open()
    const id = await createSession()
    let turnId = await fail(id, 'What is 6 times 7? (marked-prompt)')
    flaky.failure = overloaded
    const failed = await retry(id, turnId)
    expect(failed).toMatchObject({
      status: 503,
      body: { error: { code: 'MODEL_OVERLOADED', retry: 'new_key' } },
    })
    flaky.failure = undefined
    turnId = failed.body.error.details.turnId
    const accepted = await retry(id, turnId, { background: true })
    expect(accepted).toMatchObject({ status: 202, body: { status: 'queued' } })
    const path = `/sessions/${id}/turns/${accepted.body.turnId}`
    await until(async () => (await call('GET', path)).body.status === 'completed')
    expect((await call('GET', path)).body.response).toContain('stand-in')
    expect(timesSent('marked-prompt')).toBe(1)
  })

  test('of content blocks and of a turn that was interrupted, timed out or cancelled', async () => {
    const { call, ask, createSession, retry, timesSent } = await open()
    const id = await createSession()
    const blocks = [{ type: 'text', text: 'Count slowly to 30 (marked-prompt)' }]
    const timedOut = await call('POST', `/sessions/${id}/messages`, { prompt: blocks, timeout: 1_500 })
    expect(timedOut).toMatchObject({ status: 408, body: { error: { retry: 'new_key' } } })
    const { turnId } = timedOut.body.error.details
    // A caller is answered before its turn has ended where that takes long.
    await until(
      async () => (await call('GET', `/sessions/${id}/turns/${turnId}`)).body.status === 'timed_out',
    )
    const running = retry(id, turnId, { timeout: 0 })
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
    const waiting = await ask(id, 'What is 6 times 7?', { background: true })
    await call('POST', `/sessions/${id}/interrupt`, { clearQueue: true })
    expect(timesSent('marked-prompt')).toBeLessThan(2)
    expect((await running).body).toMatchObject({ stopReason: 'interrupted' })
    const cancelled = await retry(id, waiting.body.turnId)
    expect(cancelled.body.response).toContain('42')
  })

  test('happens once under one key', async () => {
    const { call, createSession, fail, retry } = await open()
    const id = await createSession()
    const turnId = await fail(id, 'What is 6 times 7?')
    const key = { 'Idempotency-Key': 'retry-1', 'x-api-key': apiKey }
    const [first, second] = [await retry(id, turnId, {}, key), await retry(id, turnId, {}, key)]
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect((await call('GET', `/sessions/${id}/turns`)).body.turns).toHaveLength(2)
  })
})

describe('a retry is refused', () => {
  test('of a turn that completed, runs, is not the last one, or is unknown; nothing changes', async () => {
    const { call, ask, createSession, fail, retry } = await open()
    const id = await createSession()
    const { turnId: completed } = (await ask(id, 'What is 6 times 7?')).body
    const failed = await fail(id, 'What is 6 times 7?')
    await ask(id, 'What is 6 times 7?')
    const { turnId: running } = (await ask(id, 'Count slowly to 1000', { background: true })).body
    const before = (await call('GET', `/sessions/${id}/turns`)).body.turns.length
    for (const [turnId, reason] of [
      [completed, 'completed'],
      [running, 'not_ended'],
    ]) {
      expect(await retry(id, turnId)).toMatchObject({
        status: 409,
        body: { error: { code: 'TURN_NOT_RETRYABLE', details: { turnId, reason }, retry: 'never' } },
      })
    }
    expect(await retry(id, failed)).toMatchObject({ status: 409, body: { error: { code: 'SESSION_BUSY' } } })
    await call('POST', `/sessions/${id}/interrupt`, {})
    expect(await retry(id, failed)).toMatchObject({
      status: 409,
      body: { error: { code: 'TURN_NOT_RETRYABLE', details: { reason: 'later_turns', status: 'failed' } } },
    })
    expect((await retry(id, crypto.randomUUID())).body.error.code).toBe('TURN_NOT_FOUND')
    expect((await call('GET', `/sessions/${id}/turns`)).body.turns).toHaveLength(before)
  })
})

describe('Retry-After', () => {
  test.each([
    [429, 'rate_limit_error', 'MODEL_RATE_LIMITED'],
    [529, 'overloaded_error', 'MODEL_OVERLOADED'],
  ])("follows what the model's API says with %i", async (status, type, code) => {
    const model = await openModel()
    const flaky = await openFlakyModel(model)
    const server = await openServer({
      environment: { ANTHROPIC_BASE_URL: flaky.url, CLAUDE_CODE_MAX_RETRIES: '1' },
    })
    const id = await server.createSession()
    flaky.failure = { status, type, headers: { 'retry-after': '3' } }
    const answer = await server.ask(id, 'What is 6 times 7?')
    expect(answer).toMatchObject({
      status: errorCatalogue[code as keyof typeof errorCatalogue].status,
      body: { error: { code, retryable: true, retry: 'new_key', details: { retryAt: expect.any(String) } } },
    })
    expect(answer.headers.get('retry-after')).toMatch(/^[1-5]$/)
    const { error } = (await server.call('GET', `/sessions/${id}/turns`)).body.turns[0]
    expect(error.retryAt).toBe(answer.body.error.details.retryAt)
    flaky.failure = undefined
    expect(
      (await server.call('POST', `/sessions/${id}/turns/${answer.body.error.details.turnId}/retry`)).status,
    ).toBe(200)
  })
})
