import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { SessionFilter, UsageEntry } from '../../src/sessions/ports/index.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, permissionOf, tenantId, turnRecord } from './store-records.ts'

const usage: UsageEntry = {
  ...{ createdBy: 'key-1', day: '2026-01-31', model: '', turns: 1, autonomousWork: 0, activeMs: 1 },
  ...{ inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
  ...{ webSearchRequests: 0, microUsd: 0, withoutTokens: 0, withoutCost: 0 },
}

/** The filters of lists of sessions, and what the lists show of each. */
export function sessionListCases(context: StoreContext): void {
  const { addSession } = context
  const list = async (filter: Partial<SessionFilter>, tenant: string | undefined = tenantId) => {
    const query = { status: 'active' as const, limit: 100, asOf: null, after: null, ...filter }
    const { sessions, total } = await context.store.listSessions(tenant, query)
    expect(total).toBe(sessions.length)
    return sessions.map(({ title }) => title).sort()
  }

  test('narrow by all that is asked for at once', async () => {
    const odd = ['a "b"', '","', "it's", 'ü%_']
    await addSession({ title: 'plain' })
    await addSession({ title: 'a', tags: ['red'], cwd: '/other' })
    await addSession({ title: 'ab', tags: ['blue', 'red'] })
    await addSession({ title: 'filed', tags: ['red'], archived: true })
    await addSession({ title: 'over', tags: ['red'], status: 'ended', endedAt: 5 })
    await addSession({ title: 'odd', tags: odd })
    await addSession({ title: 'foreign', tags: ['red'], tenantId: 'tenant-b' })
    expect(await list({ archived: false })).toEqual(['a', 'ab', 'odd', 'plain'])
    expect(await list({ archived: true })).toEqual(['filed'])
    expect(await list({})).toEqual(['a', 'ab', 'filed', 'odd', 'plain'])
    expect(await list({ tags: ['red'], archived: false })).toEqual(['a', 'ab'])
    expect(await list({ tags: ['red', 'blue'] })).toEqual(['ab'])
    expect(await list({ tags: ['red', 'green'] })).toEqual([])
    expect(await list({ tags: ['Red'] })).toEqual([])
    expect(await list({ tags: odd })).toEqual(['odd'])
    for (const tag of ['a', 'b', ',', '"', '%']) expect(await list({ tags: [tag] })).toEqual([])
    expect(await list({ tags: ['red'], status: 'all' })).toEqual(['a', 'ab', 'filed', 'over'])
    expect(await list({ tags: ['red'], cwd: '/other' })).toEqual(['a'])
    expect(await list({ cwd: '/other/' })).toEqual([])
    expect(await list({ tags: ['red'], archived: false }, '')).toEqual([])
  })

  test('of all tenants, of some sessions or without some', async () => {
    const [one, two] = [await addSession({ title: 'one' }), await addSession({ title: 'two' })]
    const other = await addSession({ title: 'other', tenantId: 'tenant-b' })
    const everywhere = { status: 'active' as const, limit: 9, asOf: null, after: null }
    const all = await context.store.listSessions(undefined, { ...everywhere, only: [one.id, other.id] })
    expect(all.sessions.map(({ id }) => id).sort()).toEqual([one.id, other.id].sort())
    expect(all.total).toBe(2)
    expect(await list({ only: [one.id, other.id] })).toEqual(['one'])
    expect(await list({ only: [] })).toEqual([])
    expect(await list({ except: [one.id, randomUUID()] })).toEqual(['two'])
    expect(await list({ except: [one.id, two.id] })).toEqual([])
  })

  test('page through what a filter leaves, also when it is used meanwhile', async () => {
    const wanted = []
    for (let at = 1; at <= 9; at++) {
      const isWanted = at % 2 === 0
      const session = await addSession({ lastActivityAt: at * 1_000, archived: !isWanted, tags: ['t'] })
      if (isWanted) wanted.unshift(session.id)
    }
    const query = { status: 'active' as const, archived: false, tags: ['t'], limit: 2 }
    const first = await context.store.listSessions(tenantId, { ...query, asOf: null, after: null })
    expect(first.sessions.map(({ id }) => id)).toEqual(wanted.slice(0, 2))
    const after = { lastActivityAt: first.activeAt[1] ?? 0, id: wanted[1] ?? '' }
    const second = await context.store.listSessions(tenantId, { ...query, asOf: first.asOf, after })
    expect(second.sessions.map(({ id }) => id)).toEqual(wanted.slice(2))
    expect([first.total, second.total]).toEqual([4, 4])
  })

  test('find sessions by the status of their last turn', async () => {
    const [failed, mended] = [await addSession({ title: 'failed' }), await addSession({ title: 'mended' })]
    await addSession({ title: 'unused' })
    for (const session of [failed, mended]) {
      const insertTurn = turnRecord(session, { status: 'failed', endedAt: 3_000 })
      await context.store.commit(changeOf(session, { insertTurn }))
    }
    await context.store.commit(changeOf(mended, { insertTurn: turnRecord(mended) }))
    expect(await list({ lastTurn: 'failed' })).toEqual(['failed'])
    expect(await list({ lastTurn: 'queued' })).toEqual(['mended'])
    expect(await list({ lastTurn: 'lost' })).toEqual([])
  })

  test('have the cost, the open requests and the last turn of each session', async () => {
    const [busy, quiet] = [await addSession(), await addSession()]
    const [first, last] = [turnRecord(busy, { status: 'failed', endedAt: 4_000 }), turnRecord(busy)]
    await context.store.commit(changeOf(busy, { insertTurn: first, usage: [{ ...usage, microUsd: 1_500 }] }))
    await context.store.commit(
      changeOf(busy, { insertTurn: last, usage: [{ ...usage, model: 'large', microUsd: 20 }] }),
    )
    for (const status of ['pending', 'pending', 'denied'] as const) {
      await context.store.commit(changeOf(busy, { savePermission: permissionOf(busy, { status }) }))
    }
    const digests = await context.store.readDigests([busy.id, quiet.id, randomUUID()])
    expect(Object.fromEntries(digests)).toEqual({
      [busy.id]: {
        costUsd: 0.00152,
        openRequests: 2,
        lastTurn: { id: last.id, status: 'queued', endedAt: null },
      },
      [quiet.id]: { costUsd: 0, openRequests: 0, lastTurn: null },
    })
    expect((await context.store.readDigests([])).size).toBe(0)
  })
}
