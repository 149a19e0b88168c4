import { afterAll, beforeAll, expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { type PostgresServer, startPostgres } from '../support/postgres/postgres-server.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.dispose())

const database = (schema: string) => ({ url: postgres.url, schema })

test('a conversation on PostgreSQL: turns, history, a fork, usage, and what a restart finds', async () => {
  const first = await openServer({ database: database('conversation') })
  const { call, createSession, ask } = first
  const sessionId = await createSession({ title: 'on PostgreSQL' })
  const withNul = { title: 'a \0 b' }
  expect(await call('POST', '/sessions', withNul)).toMatchObject({ status: 400 })
  expect(await call('PATCH', `/sessions/${sessionId}`, withNul)).toMatchObject({ status: 400 })
  expect(await ask(sessionId, 'hello')).toMatchObject({ status: 200 })
  expect(await ask(sessionId, 'and again')).toMatchObject({ status: 200 })
  const { body: history } = await call('GET', `/sessions/${sessionId}/messages`)
  expect(history.messages.length).toBeGreaterThanOrEqual(4)
  const fork = await call('POST', `/sessions/${sessionId}/fork`, {})
  expect(fork).toMatchObject({ status: 201 })
  expect(await ask(fork.body.sessionId, 'from here')).toMatchObject({ status: 200 })
  const usage = await call('GET', `/sessions/${sessionId}/usage`)
  expect(usage).toMatchObject({ status: 200, body: { turns: 2 } })
  expect((await call('GET', '/health')).status).toBe(200)
  await first.close()

  const second = await openServer({ database: database('conversation'), dataDir: `${first.cwd}/data` })
  const found = await second.call('GET', `/sessions/${sessionId}/messages`)
  expect(found.body.messages).toEqual(history.messages)
  const listed = await second.call('GET', '/sessions')
  expect(listed.body).toMatchObject({ total: 2 })
  await second.close()
})

test('a database that stays away is 503 with Retry-After; a stream stays, and goes on when it is back', async () => {
  const { call, createSession, ask, base, send } = await openServer({ database: database('away') })
  const sessionId = await createSession()
  await ask(sessionId, 'hello')
  const leaving = new AbortController()
  const events = await send('GET', `/sessions/${sessionId}/events`, undefined, { signal: leaving.signal })
  expect(events.status, base).toBe(200)
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readUntil = async (turns: number) => {
    while (text.split('event: turn.completed').length <= turns) {
      const { value, done } = (await reader?.read()) ?? { done: true }
      if (done) throw new Error(`the stream ended after ${text}`)
      text += value
    }
  }
  await readUntil(1)
  await postgres.kill('SIGINT')
  const answer = await call('GET', `/sessions/${sessionId}`)
  expect(answer).toMatchObject({
    status: 503,
    body: { error: { code: 'STORE_UNAVAILABLE', retryable: true } },
  })
  expect(answer.headers.get('retry-after')).toBe('5')
  await postgres.start()
  expect(await ask(sessionId, 'after it')).toMatchObject({ status: 200 })
  await readUntil(2)
  expect(text).toContain('after it')
  leaving.abort()
})
