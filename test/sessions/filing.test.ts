import { expect, test } from 'vitest'
import { listSessionsQuery } from '../../src/contract/sessions.ts'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'

const listed = listSessionsQuery.parse({})

async function open() {
  const opened = await openSessions()
  const { sessions, store } = opened
  const create = async (fields: object = {}) =>
    (await sessions.create(caller, { ...plain, ...fields })).session.id
  const list = async (query: object = {}, as = caller) => {
    const { sessions: found, total } = await sessions.list(as, { ...listed, ...query })
    expect(total).toBe(found.length)
    return found.map(({ session }) => session.id)
  }
  const updates = async (sessionId: string) => {
    const events = await store.listEvents('default', { sessionId, after: 0, limit: 100 })
    return events.flatMap(({ type, payload }) => (type === 'session.updated' ? [payload] : []))
  }
  return { ...opened, create, list, updates }
}

test('tags and the archive change whatever the status of the session, and the log says so', async () => {
  const { sessions, create, list, updates } = await open()
  const id = await create({ tags: ['a'] })
  await sessions.patch(caller, id, { tags: ['b', 'c'] })
  await sessions.end(caller, id)
  const { session } = await sessions.patch(caller, id, { archived: true, tags: [] })
  expect(session).toMatchObject({ status: 'ended', archived: true, tags: [] })
  expect(await list({ status: 'all' })).toEqual([])
  expect(await list({ status: 'all', archived: 'true' })).toEqual([id])
  expect(await list({ status: 'all', archived: 'all' })).toEqual([id])
  await sessions.patch(caller, id, { archived: false })
  expect(await list({ status: 'ended' })).toEqual([id])
  expect(await updates(id)).toEqual([{ tags: ['b', 'c'] }, { archived: true, tags: [] }, { archived: false }])
  for (const change of [{ title: 'x' }, { title: 'x', archived: true }, {}]) {
    await expect(sessions.patch(caller, id, change)).rejects.toMatchObject({ code: 'SESSION_ENDED' })
  }
})

test('a new turn brings a session out of the archive; its end does not', async () => {
  const { sessions, create, list, updates, ask } = await open()
  const id = await create()
  await sessions.patch(caller, id, { archived: true })
  await ask(id, 'again')
  expect(await list()).toEqual([id])
  expect(await updates(id)).toEqual([{ archived: true }, { archived: false }])
  const { turn } = await sessions.submit(caller, id, promptOf('hang'))
  await sessions.patch(caller, id, { archived: true })
  await sessions.interrupt(caller, id, { turnId: turn.id, clearQueue: false })
  expect(await list({ archived: 'true' })).toEqual([id])
})

test('a fork has the tags of its original and is not in the archive', async () => {
  const { sessions, create, ask } = await open()
  const id = await create({ tags: ['a'] })
  await ask(id, 'hello')
  await sessions.patch(caller, id, { archived: true })
  const { session } = await sessions.branching.fork(caller, id, {})
  expect(session).toMatchObject({ tags: ['a'], archived: false })
})

test('lists narrow by what sessions are doing, and show it', async () => {
  const { sessions, create, list, ask } = await open()
  const [idle, running, used] = [await create(), await create(), await create()]
  await ask(used, 'hello')
  const { turn } = await sessions.submit(caller, running, promptOf('hang'))
  await until(async () => (await sessions.get(caller, running)).digest.lastTurn?.status === 'running')
  expect(await list({ state: 'running' })).toEqual([running])
  expect(await list({ state: 'requires_action' })).toEqual([])
  expect((await list({ state: 'idle' })).sort()).toEqual([idle, used].sort())
  expect(await list({ lastTurn: 'completed' })).toEqual([used])
  expect(await list({ lastTurn: 'running', state: 'idle' })).toEqual([])
  expect((await sessions.get(caller, running)).digest).toMatchObject({
    lastTurn: { id: turn.id, endedAt: null },
  })
  const bound = { ...caller, isOperator: false, sessionId: running }
  expect(await list({}, bound)).toEqual([running])
  expect(await list({ state: 'idle' }, bound)).toEqual([])
  expect(await list({ state: 'running' }, bound)).toEqual([running])
  expect(await list({ state: 'running' }, { ...bound, sessionId: idle })).toEqual([])
  await sessions.interrupt(caller, running, { clearQueue: true })
})

test('a cursor is of the list that it came from', async () => {
  const { sessions, create } = await open()
  for (let count = 0; count < 3; count++) await create({ tags: ['a'] })
  const query = { ...listed, limit: 1, tag: ['a'] }
  const { nextCursor } = await sessions.list(caller, query)
  const cursor = nextCursor ?? ''
  expect((await sessions.list(caller, { ...query, cursor })).sessions).toHaveLength(1)
  for (const other of [
    { tag: ['b'] },
    { archived: 'all' as const },
    { state: 'idle' as const },
    { cwd: '/' },
  ]) {
    await expect(sessions.list(caller, { ...query, ...other, cursor })).rejects.toMatchObject({
      details: { issues: [{ path: 'cursor' }] },
    })
  }
})
