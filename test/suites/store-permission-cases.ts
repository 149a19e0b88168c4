import { expect, test } from 'vitest'
import type { NewEvent, PermissionRecord, SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, permissionOf, tenantId } from './store-records.ts'

/** What the port `PermissionStore` promises, and the changes that carry a request. */
export function permissionCases(context: StoreContext): void {
  const save = (session: SessionRecord, savePermission: PermissionRecord) =>
    context.store.commit(changeOf(session, { savePermission }))
  const list = (query: object = {}, tenant = tenantId) =>
    context.store.permissions.listPermissions(tenant, { status: 'all', limit: 10, offset: 0, ...query })

  test('gives back a request as it was stored, and as it has become', async () => {
    const session = await context.addSession()
    const asked = permissionOf(session)
    await save(session, asked)
    const { permissions } = context.store
    expect(await permissions.findPermission(tenantId, session.id, asked.id)).toEqual(asked)
    const answer = { allow: true, input: { command: 'make all' }, updates: [], message: 'go' }
    const decided = { ...asked, status: 'allowed' as const, answer, decidedAt: 1_500, decidedBy: 'key-1' }
    await save(session, decided)
    expect(await permissions.findPermission(tenantId, session.id, asked.id)).toEqual(decided)
    expect(await list()).toEqual({ permissions: [decided], total: 1 })
  })

  test('keeps the requests of tenants and sessions apart', async () => {
    const session = await context.addSession()
    const other = await context.addSession()
    const asked = permissionOf(session)
    await save(session, asked)
    const { permissions } = context.store
    expect(await permissions.findPermission('other', session.id, asked.id)).toBeUndefined()
    expect(await permissions.findPermission(tenantId, other.id, asked.id)).toBeUndefined()
    expect(await list({}, 'other')).toEqual({ permissions: [], total: 0 })
    expect((await list({ sessionId: other.id })).total).toBe(0)
    expect((await list({ sessionId: session.id })).total).toBe(1)
  })

  test('lists oldest first, page by page, and those that are pending alone', async () => {
    const session = await context.addSession()
    const all = [3_000, 1_000, 2_000].map(requestedAt => permissionOf(session, { requestedAt }))
    for (const permission of all) await save(session, permission)
    const [third, first, second] = all as [PermissionRecord, PermissionRecord, PermissionRecord]
    await save(session, { ...first, status: 'expired', decidedAt: 4_000 })
    expect((await list({ limit: 2 })).permissions.map(({ id }) => id)).toEqual([first.id, second.id])
    expect(await list({ offset: 2 })).toEqual({ permissions: [third], total: 3 })
    expect(await list({ status: 'pending' })).toEqual({ permissions: [second, third], total: 2 })
  })

  test('is not stored when the change is not', async () => {
    const session = await context.addSession()
    const savePermission = permissionOf(session)
    const bad = { type: 'message', turnId: 'no such turn', payload: {} } as unknown as NewEvent
    await expect(context.store.commit(changeOf(session, { savePermission, events: [bad] }))).rejects.toThrow(
      'no such turn',
    )
    expect((await list()).total).toBe(0)
  })
}
