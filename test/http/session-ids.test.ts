import { expect, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { endsLater } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'

const sessionId = '0c6d4e8a-2f31-4d95-8b7c-1a9e5f3d2c60'

async function open() {
  const { sessions, store } = await openSessions({ maxSessions: 50 })
  const door = await openDoor({ service: sessions, store })
  endsLater(() => door[Symbol.asyncDispose]())
  return createClient(door.url, key)
}

test('a session gets the id that its caller chooses, once, with and without a directory of its own', async () => {
  const { call, createSession } = await open()
  for (const [id, more] of [
    [sessionId, {}],
    [sessionId.replace('0', '1'), { workspace: { type: 'empty' } }],
  ] as const) {
    expect(await createSession({ sessionId: id.toUpperCase(), ...more })).toBe(id)
    const { config } = (await call('GET', `/sessions/${id}`)).body
    const again = await call('POST', '/sessions', { sessionId: id, ...more })
    expect([again.status, again.body.error.code]).toEqual([409, 'SESSION_ID_TAKEN'])
    // The directory of the first one is not touched.
    expect((await call('GET', `/sessions/${id}`)).body.config).toEqual(config)
    expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
  }
})

test('of requests for one id at the same time, one makes the session', async () => {
  const { call } = await open()
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => call('POST', '/sessions', { sessionId, workspace: { type: 'empty' } })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  expect((await call('GET', '/sessions')).body.total).toBe(1)
})

test.each(['x', '', 7, 'toolu_01', '17aac201-efcd-842d-a50f-45b25da495d8'])(
  'an id has to be a UUID that is not a door`s: %j',
  async given => {
    const { call } = await open()
    const { status, body } = await call('POST', '/sessions', { sessionId: given })
    expect([status, body.error.details.issues[0].path]).toEqual([400, 'sessionId'])
  },
)
