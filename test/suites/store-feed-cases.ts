import { expect, test } from 'vitest'
import { eventTypes } from '../../src/contract/events.ts'
import type { FeedQuery } from '../../src/sessions/ports/index.ts'
import type { NewEvent } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, tenantId, turnRecord } from './store-records.ts'

const ended: NewEvent = { type: 'session.ended', turnId: null, payload: {} }
const updated: NewEvent = { type: 'session.updated', turnId: null, payload: { title: 'x'.repeat(1_000) } }

/** What the port `FeedStore` promises. */
export function feedCases(context: StoreContext): void {
  const query: FeedQuery = {
    ...{ tenantId: undefined, sessionId: null, types: new Set(eventTypes) },
    ...{ after: 0, limit: 1_000, maxBytes: 1e9 },
  }
  const read = (more: Partial<FeedQuery> = {}) => context.store.feed.readPage({ ...query, ...more })
  const positionsOf = (page: Awaited<ReturnType<typeof read>>) => page.events.map(({ position }) => position)

  test('positions grow without holes, however many sessions are written at once', async () => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => context.addSession()))
    const written = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const session = sessions[index % 5] ?? sessions[0]
        if (!session) throw new Error('there are sessions')
        // Some change more than the log, so that PostgreSQL writes them another way.
        const more = index % 3 === 0 ? { session: { title: `${index}` } } : {}
        return context.store.commit(changeOf(session, { ...more, events: [messageEvent('a'), updated] }))
      }),
    )
    expect(
      written
        .flat()
        .map(({ position }) => position)
        .sort((a, b) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    const page = await read()
    expect(positionsOf(page)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    expect(page).toMatchObject({ through: 200, head: 200, removedThrough: 0 })
    for (const session of sessions) {
      const own = page.events.filter(({ sessionId }) => sessionId === session.id)
      expect(own).toEqual(await context.eventsOf(session))
    }
    expect(await context.store.feed.readHead()).toBe(200)
  })

  test('a change that is refused takes no position', async () => {
    const session = await context.addSession()
    const lost = changeOf(session, { updateTurn: { id: turnRecord(session).id }, events: [updated] })
    const results = await Promise.allSettled([
      context.store.commit(changeOf(session, { events: [updated] })),
      context.store.commit(lost),
      context.store.commit(changeOf(session, { events: [updated] })),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(positionsOf(await read())).toEqual([1, 2])
  })

  test('shows the events of a tenant, a session and the types that are asked for', async () => {
    const [one, two] = [await context.addSession(), await context.addSession()]
    const foreign = await context.addSession({ tenantId: 'other' })
    for (const session of [one, two, foreign, one]) {
      await context.store.commit(changeOf(session, { events: [messageEvent('a'), updated] }))
    }
    expect(positionsOf(await read({ tenantId }))).toEqual([1, 2, 3, 4, 7, 8])
    expect(positionsOf(await read({ tenantId: 'other' }))).toEqual([5, 6])
    expect(positionsOf(await read({ tenantId, sessionId: one.id }))).toEqual([1, 2, 7, 8])
    expect(positionsOf(await read({ tenantId: 'other', sessionId: one.id }))).toEqual([])
    const types = new Set(['session.updated' as const])
    expect(positionsOf(await read({ types, after: 2 }))).toEqual([4, 6, 8])
    expect(await read({ types: new Set(['turn.lost' as const]) })).toMatchObject({ events: [], through: 8 })
    expect(await read({ tenantId: 'nobody' })).toMatchObject({ events: [], through: 8, head: 8 })
  })

  test('pages by number and by bytes, at least one event each', async () => {
    const session = await context.addSession()
    await context.store.commit(changeOf(session, { events: Array.from({ length: 9 }, () => updated) }))
    const first = await read({ limit: 4 })
    expect([positionsOf(first), first.through]).toEqual([[1, 2, 3, 4], 4])
    const small = await read({ after: 4, maxBytes: 2_500 })
    expect([positionsOf(small), small.through]).toEqual([[5, 6], 6])
    expect(positionsOf(await read({ after: 6, maxBytes: 1 }))).toEqual([7])
    expect(await read({ after: 9 })).toMatchObject({ events: [], through: 9, head: 9 })
    expect(await read({ after: 500 })).toMatchObject({ events: [], head: 9 })
  })

  test('a page looks at a bounded number of events', async () => {
    const session = await context.addSession()
    await context.store.commit(changeOf(session, { events: Array.from({ length: 2_500 }, () => updated) }))
    await context.store.commit(changeOf(session, { events: [ended] }))
    const types = new Set(['session.ended' as const])
    for (const scope of [{}, { tenantId }, { tenantId, sessionId: session.id }]) {
      const first = await read({ ...scope, types })
      expect(first).toMatchObject({ events: [], through: 2_000, head: 2_501 })
      expect(positionsOf(await read({ ...scope, types, after: first.through }))).toEqual([2_501])
    }
  })

  test('notes up to where retention has removed events of a tenant', async () => {
    const [kept, gone] = [
      await context.addSession(),
      await context.addSession({ status: 'ended', endedAt: 10 }),
    ]
    const foreign = await context.addSession({ tenantId: 'other' })
    for (const session of [gone, kept, gone, foreign]) {
      await context.store.commit(changeOf(session, { events: [updated] }))
    }
    while (await context.store.retention.removeStep(gone, 1));
    expect(await read({ tenantId })).toMatchObject({ removedThrough: 3, events: [{ position: 2 }], head: 4 })
    expect(await read()).toMatchObject({ removedThrough: 3, events: [{ position: 2 }, { position: 4 }] })
    expect((await read({ tenantId: 'other' })).removedThrough).toBe(0)
    expect((await read({ tenantId, sessionId: kept.id })).removedThrough).toBe(0)
    expect((await read({ tenantId, sessionId: gone.id })).removedThrough).toBe(3)
    await context.store.commit(changeOf(kept, { events: [updated] }))
    expect((await read()).head).toBe(5)
  })
}
