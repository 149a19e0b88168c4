import { describe, expect, test } from 'vitest'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'
import { openDoor } from './open-door.ts'

type Item = Record<string, unknown>
interface Page {
  pagination?: { nextCursor: string | null; total: number; hasMore: boolean }
  nextCursor?: string | null
  total?: number
}

async function open() {
  const opened = await openSessions()
  const door = await openDoor({ service: opened.sessions })
  const get = async (path: string) => {
    const response = await door.call(path)
    return { status: response.status, body: (await response.json()) as Page & Record<string, Item[]> }
  }
  /** Walks through a list two by two, and does something to it between two pages. */
  async function walk(path: string, name: string, idOf: string, between: (seen: string[]) => Promise<void>) {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { status, body } = await get(`${path}${path.includes('?') ? '&' : '?'}limit=2${query}`)
      expect(status, JSON.stringify(body)).toBe(200)
      seen.push(...(body[name] ?? []).map(item => String(item[idOf])))
      cursor = body.pagination ? body.pagination.nextCursor : (body.nextCursor ?? null)
      if (body.pagination) expect(body.pagination.hasMore).toBe(cursor !== null)
      if (cursor !== null) await between(seen)
    } while (cursor !== null)
    return seen
  }
  const ended = (sessionId: string, turnId: string) =>
    opened.sessions.whenTurnEnded(caller, sessionId, turnId, AbortSignal.timeout(30_000))
  return { ...opened, door, get, walk, ended }
}

describe('who pages by cursor meets every item once, whatever happens meanwhile', () => {
  test.each(['active', 'all'])('sessions of status %s that are used between two pages', async status => {
    const { sessions, door, walk, ask } = await open()
    await using _ = door
    const ids: string[] = []
    for (let count = 0; count < 9; count++) ids.push((await sessions.create(caller, plain)).session.id)
    for (const id of ids.slice(2, 5)) await ask(id, 'before')
    const seen = await walk(`/sessions?status=${status}`, 'sessions', 'sessionId', async shown => {
      const waiting = ids.filter(id => !shown.includes(id))
      // One that is still to come, one that was shown, and a new one.
      for (const id of [waiting.at(-1), waiting[0], shown[0]]) if (id) await ask(id, 'meanwhile')
      await sessions.create(caller, plain)
    })
    expect(seen.filter(id => ids.includes(id)).sort()).toEqual([...ids].sort())
    expect(seen).toHaveLength(ids.length)
  })

  test('requests that are answered, in the inbox and of one session', async () => {
    const { sessions, door, walk, launcher, get } = await open()
    await using _ = door
    const asking = { ...plain, permissionPrompts: 'ask' as const }
    const {
      session: { id },
    } = await sessions.create(caller, asking)
    const names = Array.from({ length: 9 }, (_value, index) => `t${index}`)
    launcher.script = async scene => {
      await Promise.all(names.map(toolUseId => scene.ask({ toolUseId })))
      return 'done'
    }
    const answerAll = async (numbers: string[]) => {
      for (const permissionId of numbers) {
        const { status } = await sessions.permissions.get(caller, id, permissionId)
        const allow = { decision: 'allow', interrupt: false } as const
        if (status === 'pending') await sessions.permissions.answer(caller, id, permissionId, allow)
      }
    }
    for (const path of ['/permissions', `/sessions/${id}/permissions`]) {
      await sessions.submit(caller, id, promptOf('go'))
      const pending = async () => (await get(`${path}?limit=200`)).body.permissions ?? []
      await until(async () => (await pending()).length === names.length)
      const all = (await pending()).map(({ permissionId }) => String(permissionId))
      // Offset paging would skip as many as were answered.
      expect(await walk(path, 'permissions', 'permissionId', answerAll)).toEqual(all)
      await answerAll(all)
    }
  })

  test('turns and messages, while more are sent', async () => {
    const { sessions, door, walk, ask, get } = await open()
    await using _ = door
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    for (let count = 0; count < 4; count++) await ask(id, `prompt ${count}`)
    for (const [name, idOf] of [
      ['turns', 'turnId'],
      ['messages', 'id'],
    ] as const) {
      const before = (await get(`/sessions/${id}/${name}?limit=1000`)).body[name] ?? []
      let more = 2
      const seen = await walk(`/sessions/${id}/${name}`, name, idOf, async () => {
        if (more-- > 0) await ask(id, 'meanwhile')
      })
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.slice(0, before.length)).toEqual(before.map(item => item[idOf]))
    }
  })

  test('attachments and tasks that are removed or end', async () => {
    const { sessions, door, walk, launcher } = await open()
    await using _ = door
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const bytes = new TextEncoder().encode('text')
    const attachments: string[] = []
    for (let count = 0; count < 7; count++) {
      const upload = await door.call(`/sessions/${id}/attachments?name=a${count}.txt`, {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'text/plain' },
      })
      attachments.push(((await upload.json()) as { attachmentId: string }).attachmentId)
    }
    const seen = await walk(`/sessions/${id}/attachments`, 'attachments', 'attachmentId', async shown => {
      const [removed] = shown.slice(-1)
      if (removed) await sessions.attachments.remove(caller, id, removed)
    })
    expect([...seen].sort()).toEqual([...attachments].sort())

    launcher.script = async scene => {
      for (let count = 0; count < 7; count++) scene.startTask({ taskId: `task${count}` })
      return 'started'
    }
    const {
      turn: { id: turnId },
    } = await sessions.submit(caller, id, promptOf('go'))
    await sessions.whenTurnEnded(caller, id, turnId, AbortSignal.timeout(30_000))
    const tasks = await walk(`/sessions/${id}/tasks?status=running`, 'tasks', 'taskId', async shown => {
      for (const taskId of shown) await sessions.conversation.stopTask(caller, id, taskId)
    })
    expect([...tasks].sort()).toEqual(Array.from({ length: 7 }, (_value, index) => `task${index}`))
  })
})

test('a cursor of another list, a changed one and one beside an offset are refused by name', async () => {
  const { sessions, door, get, ask } = await open()
  await using _ = door
  const ids = [
    (await sessions.create(caller, plain)).session,
    (await sessions.create(caller, plain)).session,
  ].map(({ id }) => id)
  const [first = '', second = ''] = ids
  for (const id of ids) for (let count = 0; count < 3; count++) await ask(id, 'hi')
  const cursorOf = async (path: string) => {
    const { body } = await get(`${path}${path.includes('?') ? '&' : '?'}limit=1`)
    return String(body.pagination ? body.pagination.nextCursor : body.nextCursor)
  }
  const turns = await cursorOf(`/sessions/${first}/turns`)
  const active = await cursorOf('/sessions')
  const wrong = [
    `/sessions/${second}/turns?cursor=${turns}`,
    `/sessions/${first}/messages?cursor=${turns}`,
    `/sessions/${first}/tasks?cursor=${turns}`,
    `/sessions/${first}/attachments?cursor=${turns}`,
    `/permissions?cursor=${turns}`,
    `/sessions?cursor=${turns}`,
    `/sessions?status=all&cursor=${active}`,
    `/sessions?cursor=${active.slice(0, -2)}`,
    `/sessions?cursor=${active}A`,
    '/sessions?cursor=next',
  ]
  for (const path of wrong) {
    const { status, body } = await get(path)
    expect([path, status]).toEqual([path, 400])
    expect(body).toMatchObject({
      error: { code: 'INVALID_REQUEST', details: { issues: [{ path: 'cursor' }] } },
    })
  }
  expect((await get(`/sessions/${first}/turns?offset=1&cursor=${turns}`)).body).toMatchObject({
    error: { details: { issues: [{ path: 'offset' }] } },
  })
  const messages = await cursorOf(`/sessions/${first}/messages`)
  expect((await get(`/sessions/${first}/messages?after=1&cursor=${messages}`)).body).toMatchObject({
    error: { details: { issues: [{ path: 'cursor' }] } },
  })
})
