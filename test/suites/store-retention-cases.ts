import { expect, test } from 'vitest'
import type { SessionRecord } from '../../src/sessions/records.ts'
import { fillStore } from '../support/filled-store.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, tenantId } from './store-records.ts'

/** What the port `RetentionStore` promises. */
export function retentionCases(context: StoreContext): void {
  const fill = (fields: Partial<SessionRecord> = {}) => fillStore(context.store, undefined, fields)
  const ended = (endedAt: number) => fill({ status: 'ended', endedAt })

  test('finds the session that ended first, over all tenants, and no active one', async () => {
    const { retention } = context.store
    await fill()
    const later = await ended(20)
    const first = await fill({ status: 'expired', endedAt: 10, tenantId: 'other' })
    expect((await retention.findOldestEnded(20))?.id).toBe(first.id)
    expect(await retention.findOldestEnded(9)).toBeUndefined()
    expect(await retention.countEnded(20)).toBe(2)
    while (await retention.removeStep(first, 10));
    expect((await retention.findOldestEnded(20))?.id).toBe(later.id)
  })

  test('removes a session with everything of it, and nothing of others', async () => {
    const { store } = context
    const kept = await fill()
    const gone = await ended(10)
    while (await store.retention.removeStep(gone, 100));
    expect(await store.findSession(tenantId, gone.id)).toBeUndefined()
    const transcript = (session: SessionRecord) =>
      store.transcripts.loadTranscript({ tenantId, claudeSessionId: session.claudeSessionId, subpath: null })
    expect(await transcript(gone)).toBeNull()
    expect(await transcript(kept)).toHaveLength(1)
    const page = { limit: 10, offset: 0 }
    const query = { ...page, status: 'all' as const }
    for (const { session, count } of [
      { session: gone, count: 0 },
      { session: kept, count: 1 },
    ]) {
      const { id: sessionId } = session
      expect((await store.listTurns(tenantId, sessionId, page)).turns).toHaveLength(count)
      expect((await store.tasks.listTasks(tenantId, { ...query, sessionId })).total).toBe(count)
      expect((await store.permissions.listPermissions(tenantId, { ...query, sessionId })).total).toBe(count)
      expect((await store.attachments.listAttachments(tenantId, sessionId, page)).total).toBe(count)
      expect(await store.fileHistory.listCheckpoints(tenantId, sessionId, null)).toHaveLength(count)
      expect((await store.usage.sumUsage(tenantId, sessionId, 9_000)).betweenTurns.times).toBe(count)
      expect((await context.eventsOf(session)).length).toBe(3 * count)
    }
    expect(await store.readLog(tenantId, { sessionId: gone.id, after: 1, limit: 5, maxBytes: 99 })).toEqual({
      events: [],
      trimmedThrough: 0,
      isGone: true,
    })
    expect(await store.retention.removeStep(gone, 100)).toBe(false)
  })

  test('a step removes no more rows than it may, and what is left agrees with itself', async () => {
    const { store } = context
    const session = await ended(10)
    const events = Array.from({ length: 20 }, (_, index) => messageEvent(`${index}`))
    await store.commit(changeOf(session, { events }))
    const counts: number[] = []
    for (let steps = 0; await store.retention.removeStep(session, 7); steps++) {
      const { messageCount } = await context.findSession(session)
      expect((await context.eventsOf(session)).length).toBe(messageCount)
      counts.push(messageCount)
      expect(steps).toBeLessThan(30)
    }
    // First the attachment, then the events.
    expect(counts.slice(0, 6)).toEqual([23, 16, 9, 2, 0, 0])
  })

  test('an active session is left alone', async () => {
    const session = await fill()
    expect(await context.store.retention.removeStep(session, 100)).toBe(false)
    expect((await context.eventsOf(session)).length).toBe(3)
  })

  test('the size grows with what is stored, and shrinks with what is removed', async () => {
    const { retention } = context.store
    const session = await ended(10)
    expect(await retention.measureSession(session)).toBeGreaterThan(2_500_000)
    // Above the limit, so that both stores measure rows.
    const full = await retention.measureExcess(1_000)
    while (await retention.removeStep(session, 100));
    const empty = await retention.measureExcess(1_000)
    expect(full - empty).toBeGreaterThan(30_000)
    expect(await retention.measureExcess(2 ** 40)).toBeLessThan(0)
  })
}
