import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionService } from '../../src/sessions/ports/session-service.ts'
import { until } from '../support/open-sessions.ts'
import {
  claudeSessionId,
  digest,
  sessionId,
  sessionRecord,
  settingsInForce,
  submission,
  turnId,
  turnRecord,
} from './fake-records.ts'
import { openDoor, readError } from './open-door.ts'

const path = `/sessions/${sessionId}/messages`
const error = (code: string, reason: string) => ({ code, reason, message: 'What happened' }) as never

const accepted = (turn: Partial<ReturnType<typeof turnRecord>>) =>
  turnRecord({
    status: 'queued',
    createdAt: Date.now(),
    ...('timeoutMs' in turn && { timeoutMs: turn.timeoutMs }),
  })

function serviceWith(turn: Partial<ReturnType<typeof turnRecord>>, more: Partial<SessionService> = {}) {
  return {
    get: async () => ({
      session: sessionRecord(),
      state: 'idle' as const,
      digest,
      backgroundTasks: 0,
      settingsInForce,
    }),
    submit: async () => submission(accepted(turn), turnRecord(turn)),
    ageOf: () => 0,
    ...more,
  }
}

it('answers with what Claude said', async () => {
  await using door = await openDoor({ service: serviceWith({}) })
  const response = await door.post(path, { prompt: 'hello' })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    messageId: 'message-1',
    response: 'Hi there',
    claudeSessionId,
    sessionId: claudeSessionId,
    turnId,
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    costUsd: 0.01,
    durationMs: 1234,
  })
})

it('answers an interrupted turn with what there is', async () => {
  const turn = { status: 'interrupted', response: null, stopReason: 'interrupted' } as const
  await using door = await openDoor({ service: serviceWith(turn) })
  const response = await door.post(path, { prompt: 'hello' })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ response: '', stopReason: 'interrupted' })
})

describe('a turn without an answer', () => {
  it.each([
    ['timed out', { status: 'timed_out', timeoutMs: 50 }, 408, 'REQUEST_TIMEOUT', { turnId, timeout: 50 }],
    [
      'timed out while it waited',
      { status: 'cancelled', timeoutMs: 50 },
      408,
      'REQUEST_TIMEOUT',
      { turnId, timeout: 50 },
    ],
    [
      'failed',
      { status: 'failed', error: error('MESSAGE_SEND_FAILED', 'model_error') },
      500,
      'MESSAGE_SEND_FAILED',
      { turnId, reason: 'model_error' },
    ],
    [
      'met an overloaded model, as an earlier version stored it',
      { status: 'failed', error: error('MESSAGE_SEND_FAILED', 'overloaded') },
      503,
      'MODEL_OVERLOADED',
      { turnId, reason: 'overloaded' },
    ],
    [
      'met a rate limit of the model',
      { status: 'failed', error: error('MODEL_RATE_LIMITED', 'rate_limited') },
      429,
      'MODEL_RATE_LIMITED',
      { turnId, reason: 'rate_limited' },
    ],
    [
      'found no agent',
      { status: 'failed', error: error('AGENT_UNAVAILABLE', 'not_logged_in') },
      503,
      'AGENT_UNAVAILABLE',
      { turnId, reason: 'not_logged_in' },
    ],
    [
      'was lost',
      { status: 'lost', error: error('MESSAGE_SEND_FAILED', 'process_died') },
      500,
      'MESSAGE_SEND_FAILED',
      { turnId, reason: 'lost' },
    ],
    ['was cancelled', { status: 'cancelled' }, 500, 'MESSAGE_SEND_FAILED', { turnId, reason: 'cancelled' }],
  ] as const)('that %s', async (_, turn, status, code, details) => {
    await using door = await openDoor({ service: serviceWith(turn) })
    const response = await door.post(path, { prompt: 'hello', timeout: 'timeoutMs' in turn ? 50 : 0 })
    const body = await readError(response)
    expect([response.status, body.error.code, body.error.details]).toEqual([status, code, details])
    expect(door.lines.some(({ level, msg }) => level === 50 && msg !== 'request')).toBe(false)
    const retryable = code !== 'AGENT_UNAVAILABLE'
    expect([body.error.retryable, body.error.retry]).toEqual([retryable, retryable ? 'new_key' : 'never'])
  })

  it('says in Retry-After when the model takes requests again, and never less than a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    for (const [inMs, expected] of [
      [90_000, '90'],
      [-90_000, '1'],
    ] as const) {
      const retryAt = new Date(Date.now() + inMs).toISOString()
      const failure = Object.assign(error('MODEL_RATE_LIMITED', 'rate_limited'), { retryAt })
      await using door = await openDoor({ service: serviceWith({ status: 'failed', error: failure }) })
      const response = await door.post(path, { prompt: 'hello' })
      expect(response.headers.get('retry-after')).toBe(expected)
      expect((await readError(response)).error.details).toMatchObject({ retryAt })
    }
  })

  it('that does not settle after its timeout', async () => {
    await using door = await openDoor({
      service: serviceWith({ timeoutMs: 1 }, { submit: async () => submission(accepted({ timeoutMs: 1 })) }),
    })
    const response = await door.post(path, { prompt: 'hello', timeout: 1 })
    expect([response.status, (await readError(response)).error.details]).toEqual([
      408,
      { turnId, timeout: 1 },
    ])
  })

  it('when the server closes', async () => {
    const { promise: waiting, resolve } = Promise.withResolvers<void>()
    await using door = await openDoor({
      service: serviceWith(
        {},
        {
          submit: async () => {
            resolve()
            return submission(accepted({}))
          },
        },
      ),
    })
    const answer = door.post(path, { prompt: 'hello' })
    await waiting
    const closed = door.door.close()
    expect([(await answer).status, (await readError(await answer)).error.code]).toEqual([
      503,
      'SHUTTING_DOWN',
    ])
    await closed
  })

  it.each(['continue', 'interrupt'] as const)('whose client is gone: %s', async onDisconnect => {
    const waiting = Promise.withResolvers<void>()
    const interrupts: unknown[] = []
    await using door = await openDoor({
      service: serviceWith(
        {},
        {
          submit: async () => {
            setImmediate(waiting.resolve)
            return submission(accepted({}))
          },
          interrupt: async (_caller, ...rest) => {
            interrupts.push(rest)
            return { interrupted: [], cancelled: [] }
          },
        },
      ),
    })
    const leaving = new AbortController()
    const answer = door.post(path, { prompt: 'hello', onDisconnect }, { signal: leaving.signal })
    await waiting.promise
    leaving.abort()
    await expect(answer).rejects.toThrow()
    await until(() => door.lines.some(({ msg }) => String(msg).includes('request')))
    await door.door.close()
    expect(interrupts).toEqual(
      onDisconnect === 'interrupt' ? [[sessionId, { turnId, clearQueue: false }]] : [],
    )
    expect(door.lines.some(({ level, msg }) => level === 50 && msg !== 'request')).toBe(false)
  })
})

it('points at the stream endpoint, and sends nothing', async () => {
  await using door = await openDoor({ service: { get: serviceWith({}).get } })
  const response = await door.post(path, { prompt: 'hello', stream: true, timeout: 5 })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    message: expect.any(String),
    streamUrl: `/api/v1/sessions/${sessionId}/stream`,
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: { prompt: 'hello', timeout: 5 },
  })
})

it.each(['continue', 'interrupt'] as const)(
  'points with the key and with onDisconnect %s, so that they have their effect there',
  async onDisconnect => {
    await using door = await openDoor({ service: { get: serviceWith({}).get } })
    const body = { prompt: 'hello', stream: true, onDisconnect }
    const response = await door.post(path, body, { headers: { 'idempotency-key': 'abc' } })
    expect(await response.json()).toMatchObject({
      headers: { 'Idempotency-Key': 'abc' },
      body: { prompt: 'hello', onDisconnect },
    })
  },
)

it.each([
  ['expired', 'SESSION_EXPIRED'],
  ['ended', 'SESSION_ENDED'],
] as const)('does not point at the stream of a session that has %s', async (status, code) => {
  const session = sessionRecord({ status })
  await using door = await openDoor({
    service: { get: async () => ({ session, state: 'idle', digest, backgroundTasks: 0, settingsInForce }) },
  })
  const response = await door.post(path, { prompt: 'hello', stream: true })
  expect([response.status, (await readError(response)).error.code]).toEqual([410, code])
})
