import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, permissionOf, taskOf, tenantId, turnRecord } from './store-records.ts'

const answer = { allow: true, input: null, updates: [], message: null }

/** What the port `LeftoverStore` promises. */
export function leftoverCases(context: StoreContext): void {
  const commit = (session: SessionRecord, change: object) => context.store.commit(changeOf(session, change))
  const take = ({ tenantId, id }: SessionRecord, at = 9_000) =>
    context.store.leftovers.takeLeftovers(tenantId, id, at)
  const listLeft = async () => {
    const left = await context.store.leftovers.listSessionsLeft()
    return new Set(left.map(({ tenantId, sessionId }) => `${tenantId} ${sessionId}`))
  }
  const keyOf = (session: SessionRecord) => `${session.tenantId} ${session.id}`

  test('finds the sessions of all tenants that have something left, each once, and no others', async () => {
    const [queued, asked, answered, task, quiet] = await Promise.all([
      context.addSession({ tenantId: 'other' }),
      context.addSession(),
      context.addSession(),
      context.addSession(),
      context.addSession(),
    ])
    await commit(queued, { insertTurn: turnRecord(queued) })
    await commit(queued, { insertTurn: turnRecord(queued), saveTasks: [taskOf(queued)] })
    await commit(asked, { savePermission: permissionOf(asked) })
    await commit(answered, { savePermission: { ...permissionOf(answered), status: 'allowed', answer } })
    await commit(task, { saveTasks: [taskOf(task)] })
    await commit(quiet, {
      insertTurn: turnRecord(quiet, { status: 'completed' }),
      saveTasks: [taskOf(quiet, { status: 'completed', endedAt: 2_000 })],
    })
    await commit(quiet, { savePermission: { ...permissionOf(quiet), status: 'denied', decidedAt: 2_000 } })
    expect(await listLeft()).toEqual(new Set([queued, asked, answered, task].map(keyOf)))
  })

  test('gives unfinished turns in their order, whatever the clock said, and of this session alone', async () => {
    const session = await context.addSession()
    const other = await context.addSession()
    const turns = [
      turnRecord(session, { createdAt: 40, status: 'requires_action' }),
      turnRecord(session, { createdAt: 30 }),
      turnRecord(session, { createdAt: 20, status: 'completed' }),
      turnRecord(session, { createdAt: 10 }),
    ]
    for (const insertTurn of turns) await commit(session, { insertTurn })
    await commit(other, { insertTurn: turnRecord(other) })
    const ids = (await take(session)).turns.map(({ id }) => id)
    expect(ids).toEqual([turns[0], turns[1], turns[3]].map(turn => turn?.id))
    const elsewhere = await context.store.leftovers.takeLeftovers('another', session.id, 9_000)
    expect(elsewhere).toEqual({ turns: [], permissions: [] })
  })

  test('gives open permission requests, and answers that no process has received', async () => {
    const session = await context.addSession()
    const pending = [2_000, 1_000].map(requestedAt => permissionOf(session, { requestedAt }))
    const undelivered = { ...permissionOf(session), status: 'allowed' as const, answer }
    const denied = { ...permissionOf(session), status: 'denied' as const, decidedAt: 4_000 }
    for (const savePermission of [...pending, undelivered, denied]) await commit(session, { savePermission })
    expect((await take(session)).permissions).toEqual([...pending.toReversed(), undelivered])
  })

  test('loses the tasks of this session that run, and no others', async () => {
    const session = await context.addSession()
    const other = await context.addSession()
    const stopped = taskOf(session, { id: 'task-2', status: 'stopped', startedAt: 2_000, endedAt: 3_000 })
    await commit(session, { saveTasks: [taskOf(session), stopped] })
    await commit(other, { saveTasks: [taskOf(other)] })
    await take(session)
    const query = { status: 'all', limit: 10, offset: 0 } as const
    const list = (sessionId: string) => context.store.tasks.listTasks(tenantId, { sessionId, ...query })
    expect((await list(session.id)).tasks).toEqual([
      taskOf(session, { status: 'lost', endedAt: 9_000 }),
      stopped,
    ])
    expect((await list(other.id)).tasks).toEqual([taskOf(other)])
    expect(await listLeft()).toEqual(new Set([keyOf(other)]))
  })

  test('of a session that is not there, there is nothing', async () => {
    expect(await context.store.leftovers.takeLeftovers(tenantId, randomUUID(), 9_000)).toEqual({
      turns: [],
      permissions: [],
    })
  })
}
