import { expect, test } from 'vitest'
import type { SessionRecord, TaskRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, taskOf, tenantId } from './store-records.ts'

/** What the port `TaskStore` promises, and the changes that carry tasks. */
export function taskCases(context: StoreContext): void {
  const save = (session: SessionRecord, ...saveTasks: TaskRecord[]) =>
    context.store.commit(changeOf(session, { saveTasks }))
  const list = (session: SessionRecord, query: object = {}, tenant = tenantId) =>
    context.store.tasks.listTasks(tenant, {
      sessionId: session.id,
      status: 'all',
      limit: 10,
      offset: 0,
      ...query,
    })

  test('a task is stored as it is, and again as it has become; only when it began stays', async () => {
    const session = await context.addSession()
    const task = taskOf(session)
    await save(session, task)
    expect(await context.store.tasks.findTask(tenantId, session.id, task.id)).toEqual(task)
    const ended = {
      ...task,
      status: 'failed' as const,
      summary: 'it broke',
      startedAt: 5_000,
      endedAt: 6_000,
    }
    await save(session, ended)
    expect((await list(session)).tasks).toEqual([{ ...ended, startedAt: 1_000 }])
  })

  test('tasks are told apart by session and tenant, and listed by status and page', async () => {
    const session = await context.addSession()
    const other = await context.addSession()
    const ended = taskOf(session, { id: 'task-2', status: 'completed', startedAt: 2_000, endedAt: 3_000 })
    await save(session, ended, taskOf(session))
    await save(other, taskOf(other, { description: 'another' }))
    expect((await list(session)).tasks.map(({ id }) => id)).toEqual(['task-1', 'task-2'])
    expect(await list(session, { limit: 1, offset: 1 })).toEqual({ tasks: [ended], total: 2 })
    expect(await list(session, { status: 'completed' })).toEqual({ tasks: [ended], total: 1 })
    expect((await list(other)).tasks).toMatchObject([{ description: 'another' }])
    expect(await list(session, {}, 'tenant-x')).toEqual({ tasks: [], total: 0 })
    expect(await context.store.tasks.findTask('tenant-x', session.id, 'task-1')).toBeUndefined()
    expect(await context.store.tasks.findTask(tenantId, session.id, 'nothing')).toBeUndefined()
  })
}
