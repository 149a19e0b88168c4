import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NewEvent, SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, tenantId, textOf, turnRecord } from './store-records.ts'

const created = { type: 'session.created', turnId: null, payload: { cwd: '/srv/work' } } as NewEvent
const otherTenant = 'tenant-b'

type SessionPage = Awaited<ReturnType<StoreContext['store']['listSessions']>>

/** What every store gives back. */
export function describeReading(context: StoreContext): void {
  const { addSession, eventsOf } = context
  describe('reading', () => {
    it('shows nothing of another tenant', async () => {
      const session = await addSession()
      const turn = turnRecord(session)
      await context.store.commit(
        changeOf(session, { insertTurn: turn, events: [messageEvent('a', turn.id)] }),
      )
      const page = { limit: 10, offset: 0 }
      expect(await context.store.findSession(otherTenant, session.id)).toBeUndefined()
      expect(await context.store.findTurn(otherTenant, session.id, turn.id)).toBeUndefined()
      expect(await context.store.findTurn(tenantId, randomUUID(), turn.id)).toBeUndefined()
      expect(await context.store.listTurns(otherTenant, session.id, page)).toEqual({ turns: [], total: 0 })
      expect(
        await context.store.listEvents(otherTenant, { sessionId: session.id, after: 0, limit: 9 }),
      ).toEqual([])
      expect(await context.store.listMessages(otherTenant, session.id, page)).toEqual({
        messages: [],
        total: 0,
      })
      expect(
        await context.store.listSessions(otherTenant, { status: 'all', limit: 9, asOf: null, after: null }),
      ).toMatchObject({ sessions: [], activeAt: [], total: 0 })
    })

    it('pages through sessions, newest activity first, equal times included', async () => {
      const sessions: SessionRecord[] = []
      for (let index = 0; index < 23; index++) {
        sessions.push(
          await addSession({
            lastActivityAt: 1_000 + Math.floor(index / 4),
            status: index % 5 === 0 ? 'ended' : 'active',
          }),
        )
      }
      const newestFirst = sessions.sort(
        (a, b) => b.lastActivityAt - a.lastActivityAt || (a.id < b.id ? 1 : -1),
      )
      for (const status of ['all', 'active', 'ended', 'expired'] as const) {
        const expected = newestFirst.filter(session => status === 'all' || session.status === status)
        const seen: string[] = []
        let asOf: number | null = null
        let after: { lastActivityAt: number; id: string } | null = null
        for (;;) {
          const page: SessionPage = await context.store.listSessions(tenantId, {
            status,
            limit: 3,
            asOf,
            after,
          })
          expect(page.total).toBe(expected.length)
          seen.push(...page.sessions.map(session => session.id))
          const last: SessionRecord | undefined = page.sessions.at(-1)
          if (!last) break
          asOf = page.asOf
          after = { lastActivityAt: page.activeAt.at(-1) ?? 0, id: last.id }
        }
        expect(seen).toEqual(expected.map(session => session.id))
      }
    })

    it('pages through turns in the order of their insertion', async () => {
      const session = await addSession()
      const turns = Array.from({ length: 7 }, () => turnRecord(session))
      for (const turn of turns) await context.store.commit(changeOf(session, { insertTurn: turn }))
      for (const offset of [0, 3, 6, 7, 100]) {
        const page = await context.store.listTurns(tenantId, session.id, { limit: 3, offset })
        expect(page).toEqual({ turns: turns.slice(offset, offset + 3), total: 7 })
      }
    })

    it('gives the log after a sequence, of all turns or of one', async () => {
      const session = await addSession()
      const turns = [turnRecord(session), turnRecord(session)]
      for (const insertTurn of turns) await context.store.commit(changeOf(session, { insertTurn }))
      const events = Array.from({ length: 10 }, (_, index) =>
        messageEvent(`${index}`, turns[index % 2]?.id ?? null),
      )
      await context.store.commit(changeOf(session, { events }))
      expect((await eventsOf(session, 4, 3)).map(event => event.sequence)).toEqual([5, 6, 7])
      expect(await eventsOf(session, 10)).toEqual([])
      const second = await context.store.listEvents(tenantId, {
        sessionId: session.id,
        after: 2,
        limit: 3,
        turnId: turns[1]?.id ?? '',
      })
      expect(second.map(event => event.sequence)).toEqual([4, 6, 8])
    })

    it('counts and pages messages only, also from a sequence on', async () => {
      const session = await addSession()
      const events = Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0 ? messageEvent(`${index}`) : created,
      )
      await context.store.commit(changeOf(session, { events }))
      const all = ['0', '3', '6', '9', '12', '15', '18', '21', '24', '27']
      for (const after of [undefined, 0, 1, 2, 3, 4, 15, 28, 30, 99]) {
        const expected = all.filter(text => Number(text) + 1 > (after ?? 0))
        for (const offset of [0, 2, 9, 10, 50]) {
          const query = { limit: 4, offset, ...(after === undefined ? {} : { after }) }
          const { messages, total } = await context.store.listMessages(tenantId, session.id, query)
          expect(total).toBe(expected.length)
          expect(messages.map(textOf)).toEqual(expected.slice(offset, offset + 4))
        }
      }
    })

    it('pages 10,000 messages right at every boundary', async () => {
      const session = await addSession()
      for (let start = 0; start < 10_000; start += 1_000) {
        const events = Array.from({ length: 1_000 }, (_, index) => messageEvent(`${start + index}`))
        await context.store.commit(changeOf(session, { events }))
      }
      const seen: unknown[] = []
      for (let offset = 0; offset <= 10_000; offset += 100) {
        const page = await context.store.listMessages(tenantId, session.id, { limit: 100, offset })
        expect(page.total).toBe(10_000)
        expect(page.messages).toHaveLength(offset === 10_000 ? 0 : 100)
        seen.push(...page.messages.map(textOf))
      }
      expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => `${index}`))
      const last = await context.store.listMessages(tenantId, session.id, { limit: 100, offset: 9_999 })
      expect(last.messages.map(event => event.sequence)).toEqual([10_000])
    })

    it('finds what expires, but not while a turn is unfinished', async () => {
      expect(await context.store.findNextExpiry()).toBeUndefined()
      const late = await addSession({ expiresAt: 300 })
      const soon = await addSession({ expiresAt: 100, tenantId: otherTenant })
      const busy = await addSession({ expiresAt: 50 })
      await addSession({ expiresAt: 10, status: 'ended' })
      const turn = turnRecord(busy)
      await context.store.commit(changeOf(busy, { insertTurn: turn }))
      expect(await context.store.findNextExpiry()).toBe(100)
      expect(await context.store.listExpiredSessions(99, 10)).toEqual([])
      expect(await context.store.listExpiredSessions(100, 10)).toEqual([soon])
      expect((await context.store.listExpiredSessions(300, 10)).map(s => s.id)).toEqual([soon.id, late.id])
      expect((await context.store.listExpiredSessions(300, 1)).map(s => s.id)).toEqual([soon.id])
      await context.store.commit(changeOf(busy, { updateTurn: { id: turn.id, status: 'completed' } }))
      expect(await context.store.findNextExpiry()).toBe(50)
    })
  })
}
