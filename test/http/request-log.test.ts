import { expect, test } from 'vitest'
import { ServiceError } from '../../src/contract/errors.ts'
import { caller, openSessions, plain, until } from '../support/open-sessions.ts'
import { openDoor } from './open-door.ts'

const levels = { info: 30, warn: 40, error: 50 }

async function open() {
  const opened = await openSessions()
  const door = await openDoor({ service: opened.sessions })
  const { session } = await opened.sessions.create(caller, plain)
  /** The line of the last request. */
  const line = async (work: () => Promise<Response>) => {
    door.lines.length = 0
    await (await work()).text()
    await until(() => door.lines.some(({ msg }) => msg === 'request'))
    return door.lines.find(({ msg }) => msg === 'request')
  }
  return { ...opened, door, id: session.id, line }
}

test('a request leaves one line, with its session, its turn and its error', async () => {
  const opened = await open()
  const { door, id, line, sessions } = opened
  const unknown = '00000000-0000-4000-8000-000000000000'
  const answered = await line(() => door.post(`/sessions/${id}/messages`, { prompt: 'hi' }))
  const { turns } = await sessions.listTurns(caller, id, { limit: 1, offset: 0 })
  const turnId = turns[0]?.id
  expect(answered).toMatchObject({ level: levels.info, status: 200, sessionId: id, turnId })
  expect(answered).not.toHaveProperty('errorCode')
  const made = await line(() => door.post('/sessions', {}))
  expect(made).toMatchObject({ level: levels.info, status: 201, sessionId: expect.any(String) })
  expect(await line(() => door.call(`/sessions/${unknown}`))).toMatchObject({
    level: levels.warn,
    status: 404,
    sessionId: unknown,
    errorCode: 'SESSION_NOT_FOUND',
  })
  expect(await line(() => door.call('/nowhere'))).toMatchObject({
    level: levels.warn,
    errorCode: 'NOT_FOUND',
  })
  sessions.get = async () => {
    throw new ServiceError('STORE_UNAVAILABLE', 'away')
  }
  expect(await line(() => door.call(`/sessions/${id}`))).toMatchObject({
    level: levels.error,
    status: 503,
    errorCode: 'STORE_UNAVAILABLE',
  })
  await door[Symbol.asyncDispose]()
})

test('a stream that ends with an error is a warning, and names it', async () => {
  const opened = await open()
  const { door, id, line, launcher } = opened
  launcher.script = async () => {
    throw new Error('the engine is broken')
  }
  const told = await line(() => door.post(`/sessions/${id}/stream`, { prompt: 'hi' }))
  expect(told).toMatchObject({
    level: levels.warn,
    status: 200,
    sessionId: id,
    errorCode: 'MESSAGE_SEND_FAILED',
  })
  await door[Symbol.asyncDispose]()
})
