import { describe, expect, test } from 'vitest'
import { type EventType, eventSchemas } from '../../src/contract/events.ts'
import { parseFrames, type SseFrame } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

describe('the events of a session', () => {
  test('keep to their schemas, and come again the same however often the connection is cut', async () => {
    const { send, createSession, ask, call } = await openServer()
    const id = await createSession()
    await ask(id, 'What is 6 times 7?')
    await ask(id, 'Fail with 401')
    const hanging = ask(id, 'Count slowly to 1000')
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
    await call('POST', `/sessions/${id}/interrupt`)
    await hanging
    await ask(id, 'Count slowly to 1000', { timeout: 300 })
    await call('PATCH', `/sessions/${id}`, { title: 'renamed', metadata: { a: 1 } })
    await call('DELETE', `/sessions/${id}`)
    const last = (await call('GET', `/sessions/${id}`)).body.lastSequence

    async function read(after: number, stopAt = last): Promise<SseFrame[]> {
      const frames: SseFrame[] = []
      const leaving = new AbortController()
      const response = await send('GET', `/sessions/${id}/events`, undefined, {
        headers: after > 0 ? { 'last-event-id': String(after) } : {},
        signal: leaving.signal,
      })
      for await (const frame of parseFrames(response)) {
        if (frame.event === 'caught_up') break
        frames.push(frame)
        if (Number(frame.id) === stopAt) break
      }
      leaving.abort()
      return frames
    }
    const whole = await read(0)
    expect(whole.map(({ id }) => Number(id))).toEqual(whole.map((_, index) => index + 1))
    for (const { event, data } of whole) eventSchemas[event as EventType].parse(data)
    expect(new Set(whole.map(({ event }) => event))).toEqual(
      new Set([
        'session.created',
        'turn.queued',
        'turn.started',
        'message',
        'turn.completed',
        'turn.failed',
        'turn.interrupted',
        'turn.timed_out',
        'session.updated',
        'session.ended',
      ]),
    )
    const pieces: SseFrame[] = []
    while (pieces.length < last) pieces.push(...(await read(pieces.length, pieces.length + 3)))
    expect(pieces).toEqual(whole)
  })
})
