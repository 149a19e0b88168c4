import { describe, expect, test } from 'vitest'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

describe('a timeout', () => {
  test('stops the turn with 408; the next message works at once and Claude remembers', async () => {
    const { call, createSession, ask } = await openServer()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const [pid] = claudesOf(process.pid, id)
    const late = await ask(id, 'Count slowly to 1000', { timeout: 400 })
    expect(late).toMatchObject({
      status: 408,
      body: { error: { code: 'REQUEST_TIMEOUT', details: { timeout: 400 } } },
    })
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    expect(claudesOf(process.pid, id)).toEqual([pid])
    const turn = await call('GET', `/sessions/${id}/turns/${late.body.error.details.turnId}`)
    expect(turn.body.status).toBe('timed_out')
  })

  test('in a stream is its one error event', async () => {
    const { createSession, stream } = await openServer()
    const id = await createSession()
    const frames = await Array.fromAsync(stream(id, { prompt: 'Count slowly to 1000', timeout: 400 }))
    expect(frames.at(-1)).toMatchObject({
      event: 'error',
      data: { code: 'REQUEST_TIMEOUT', turnId: expect.any(String) },
    })
    expect(frames.filter(({ event }) => event === 'complete' || event === 'error')).toHaveLength(1)
  })
})

describe('a client that goes away', () => {
  test('from a stream interrupts its turn; history shows what was said until then', async () => {
    const { call, createSession, ask, stream } = await openServer()
    const id = await createSession()
    let turnId = ''
    for await (const { event, data } of stream(id, { prompt: 'Count slowly to 1000', includeDeltas: true })) {
      if (event === 'connected') turnId = String(data.turnId)
      if (event === 'delta' && (data.delta as { text: string }).text.includes('2')) break
    }
    await until(
      async () => (await call('GET', `/sessions/${id}/turns/${turnId}`)).body.status === 'interrupted',
    )
    expect((await call('GET', `/sessions/${id}`)).body.state).toBe('idle')
    const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
    const said = JSON.stringify(messages.filter((m: { type: string }) => m.type === 'assistant'))
    expect(said).toContain('1\\n')
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })

  test('with onDisconnect continue lets the turn finish', async () => {
    const { call, createSession, stream } = await openServer()
    const id = await createSession()
    let turnId = ''
    for await (const { event, data } of stream(id, {
      prompt: 'Count slowly to 5',
      includeDeltas: true,
      onDisconnect: 'continue',
    })) {
      if (event === 'connected') turnId = String(data.turnId)
      if (event === 'delta') break
    }
    await until(
      async () => (await call('GET', `/sessions/${id}/turns/${turnId}`)).body.status === 'completed',
    )
    const { messages } = (await call('GET', `/sessions/${id}/messages`)).body
    expect(JSON.stringify(messages)).toContain('4\\n5')
  })

  test('from a send lets the turn finish, or interrupts it when asked to', async () => {
    const { call, createSession, send } = await openServer()
    const id = await createSession()
    const leave = async (body: object) => {
      const leaving = new AbortController()
      const sent = send('POST', `/sessions/${id}/messages`, body, { signal: leaving.signal })
      await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
      leaving.abort()
      await expect(sent).rejects.toThrow()
      await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'idle')
      const { turns } = (await call('GET', `/sessions/${id}/turns`)).body
      return turns.at(-1).status
    }
    expect(await leave({ prompt: 'Count slowly to 3' })).toBe('completed')
    expect(await leave({ prompt: 'Count slowly to 1000', onDisconnect: 'interrupt' })).toBe('interrupted')
  })
})

describe('interrupt', () => {
  test('ends the running turn, whose caller gets what was said; idempotent', async () => {
    const { call, createSession, ask } = await openServer()
    const id = await createSession()
    const running = ask(id, 'Count slowly to 1000')
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
    const first = await call('POST', `/sessions/${id}/interrupt`)
    const answer = await running
    expect(answer).toMatchObject({ status: 200, body: { stopReason: 'interrupted' } })
    expect(first.body).toEqual({ interrupted: [answer.body.turnId], cancelled: [] })
    expect((await call('POST', `/sessions/${id}/interrupt`, {})).body).toEqual({
      interrupted: [],
      cancelled: [],
    })
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })
})

describe('a background turn', () => {
  test('is answered 202 and runs on its own', async () => {
    const { call, createSession, ask, base } = await openServer()
    const id = await createSession()
    const accepted = await ask(id, 'What is 6 times 7?', { background: true })
    expect(accepted.status).toBe(202)
    const { turnId, turnUrl, eventsUrl } = accepted.body
    expect(new URL(turnUrl, base).pathname).toBe(`/api/v1/sessions/${id}/turns/${turnId}`)
    const events = await fetch(new URL(eventsUrl, base), { headers: { 'x-api-key': 'key-of-the-tests' } })
    // The stream of one turn ends with it.
    expect(await events.text()).toContain('event: turn.completed')
    expect((await call('GET', `/sessions/${id}/turns/${turnId}`)).body.response).toContain('42')
  })
})
