import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId, textOf, turnRecord } from './store-records.ts'

const created = { type: 'session.created', turnId: null, payload: { cwd: '/srv/work' } } as NewEvent
const otherTenant = 'tenant-b'

/** What every store does with what is handed to it. */
export function describeWriting(context: StoreContext): void {
  const { addSession, findSession, eventsOf } = context
  describe('createSession', () => {
    it('stores every field and the first events', async () => {
      const session = sessionRecord({
        title: 'Täglich 🚀',
        metadata: { nested: { list: [1, null, true] }, nul: '\u0000', lone: '\ud800' },
        permissionMode: 'plan',
        requestedModel: 'opus',
        model: 'claude-opus',
        appendSystemPrompt: 'Be brief.\nVery.',
        maxTurns: 3,
        conversationStarted: true,
        status: 'ended',
        endedAt: 5_000,
      })
      const result = await context.store.createSession(session, [created], 1)
      const event = { ...created, sessionId: session.id, sequence: 1, position: 1, at: session.createdAt }
      expect(result).toEqual({ created: true, events: [event] })
      expect(await findSession(session)).toEqual({ ...session, lastSequence: 1 })
      expect(await eventsOf(session)).toEqual([event])
    })

    it('refuses beyond the limit of active sessions and stores nothing', async () => {
      await addSession()
      await addSession({ status: 'ended' })
      const refused = sessionRecord()
      expect(await context.store.createSession(refused, [created], 1)).toEqual({ created: false, active: 1 })
      expect(await context.store.findSession(tenantId, refused.id)).toBeUndefined()
      expect(await eventsOf(refused)).toEqual([])
      expect(await context.store.countSessions()).toEqual({ active: 1, total: 2 })
    })

    it('is exact with 50 at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, () => context.store.createSession(sessionRecord(), [created], 20)),
      )
      expect(results.map(result => result.created)).toEqual(results.map((_, index) => index < 20))
      expect(await context.store.countSessions()).toEqual({ active: 20, total: 20 })
    })

    it('refuses an id that exists, also of another tenant, and leaves the first alone', async () => {
      const session = await addSession({ title: 'first' })
      for (const tenantId of [session.tenantId, 'another']) {
        const second = { ...session, tenantId, title: 'second' }
        expect(await context.store.createSession(second, [created], 10)).toMatchObject({
          ...{ created: false, level: 'id' },
        })
      }
      expect(await findSession(session)).toEqual(session)
    })
  })

  describe('commit', () => {
    it('changes a session, its turn and its log in one', async () => {
      const session = await addSession()
      const turn = turnRecord(session, { prompt: [{ type: 'text', text: 'hi' }], timeoutMs: 5 })
      const queued: NewEvent = { type: 'turn.queued', turnId: turn.id, payload: { status: 'queued' } }
      const message = messageEvent('one', turn.id)
      const change = changeOf(session, {
        session: { title: 'new', conversationStarted: true, lastActivityAt: 3_000 },
        insertTurn: turn,
        events: [queued, message],
      })
      const events = await context.store.commit(change)
      expect(events).toEqual([
        { ...queued, sessionId: session.id, sequence: 1, position: 1, at: 3_000 },
        { ...message, sessionId: session.id, sequence: 2, position: 2, at: 3_000 },
      ])
      expect(await eventsOf(session)).toEqual(events)
      expect(await findSession(session)).toEqual({
        ...session,
        title: 'new',
        conversationStarted: true,
        lastActivityAt: 3_000,
        lastSequence: 2,
        messageCount: 1,
      })
      const stored = { ...turn, firstSequence: 1, lastSequence: 2 }
      expect(await context.store.findTurn(tenantId, session.id, turn.id)).toEqual(stored)
    })

    it('keeps what a turn became, and where its events begin and end', async () => {
      const session = await addSession()
      const turn = turnRecord(session)
      await context.store.commit(
        changeOf(session, { insertTurn: turn, events: [messageEvent('a', turn.id)] }),
      )
      await context.store.commit(
        changeOf(session, { events: [messageEvent('b'), messageEvent('c', turn.id)] }),
      )
      const outcome = {
        status: 'failed' as const,
        response: 'text',
        messageId: 'm-1',
        stopReason: 'refusal' as const,
        error: { code: 'MESSAGE_SEND_FAILED' as const, reason: 'process_died' as const, message: 'gone' },
        usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4 },
        costUsd: 0.25,
        startedAt: 2_500,
        endedAt: 4_000,
      }
      await context.store.commit(changeOf(session, { updateTurn: { id: turn.id, ...outcome } }))
      const stored = { ...turn, ...outcome, firstSequence: 1, lastSequence: 3 }
      expect(await context.store.findTurn(tenantId, session.id, turn.id)).toEqual(stored)
      await context.store.commit(
        changeOf(session, { updateTurn: { id: turn.id, response: null, error: null, usage: null } }),
      )
      expect(await context.store.findTurn(tenantId, session.id, turn.id)).toEqual({
        ...stored,
        response: null,
        error: null,
        usage: null,
      })
    })

    it('sets a field to null and leaves those not named', async () => {
      const session = await addSession({ title: 'old', model: 'm', metadata: { a: 1 } })
      await context.store.commit(changeOf(session, { session: { title: null } }))
      expect(await findSession(session)).toEqual({ ...session, title: null })
    })

    it('takes what was handed in at the time of the call', async () => {
      const session = await addSession()
      const event = messageEvent('before')
      const change = changeOf(session, { events: [event] })
      const committed = context.store.commit(change)
      event.payload = { changed: true }
      change.events.push(messageEvent('late'))
      await committed
      expect((await eventsOf(session)).map(textOf)).toEqual(['before'])
    })

    it('numbers concurrent changes in the order of the calls, without gap or repeat', async () => {
      const sessions = [await addSession(), await addSession()]
      const settled: number[] = []
      const results = await Promise.all(
        Array.from({ length: 1_200 }, async (_, index) => {
          const session = sessions[index % 2] ?? sessionRecord()
          const events = await context.store.commit(
            changeOf(session, { events: [messageEvent(`${index}`), { ...created }] }),
          )
          settled.push(index)
          return events.map(event => event.sequence)
        }),
      )
      expect(settled).toEqual(Array.from({ length: 1_200 }, (_, index) => index))
      for (const [offset, session] of sessions.entries()) {
        const own = results.filter((_, index) => index % 2 === offset).flat()
        expect(own).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1))
        const stored = await eventsOf(session, 0, 5_000)
        expect(stored.map(event => event.sequence)).toEqual(own)
        expect(await findSession(session)).toMatchObject({ lastSequence: 1_200, messageCount: 600 })
      }
    })

    it('rejects a second running turn alone; the changes around it stand', async () => {
      const session = await addSession()
      const turns = (['running', 'requires_action', 'queued', 'running'] as const).map(status =>
        turnRecord(session, { status }),
      )
      const results = await Promise.allSettled(
        turns.map(turn =>
          context.store.commit(
            changeOf(session, {
              session: { title: turn.id },
              insertTurn: turn,
              events: [messageEvent(turn.status, turn.id)],
            }),
          ),
        ),
      )
      expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
      expect((await eventsOf(session)).map(textOf)).toEqual(['running', 'queued'])
      expect(await findSession(session)).toMatchObject({
        lastSequence: 2,
        messageCount: 2,
        title: turns[2]?.id,
      })
      expect(await context.store.listTurns(tenantId, session.id, { limit: 10, offset: 0 })).toMatchObject({
        total: 2,
        turns: [{ id: turns[0]?.id }, { id: turns[2]?.id }],
      })
      const queued = turns[2]?.id ?? ''
      await expect(
        context.store.commit(changeOf(session, { updateTurn: { id: queued, status: 'running' } })),
      ).rejects.toThrow()
    })

    it('lets one change end a turn and start the next', async () => {
      const session = await addSession()
      const first = turnRecord(session, { status: 'running' })
      const second = turnRecord(session, { status: 'running' })
      await context.store.commit(changeOf(session, { insertTurn: first }))
      await context.store.commit(
        changeOf(session, { updateTurn: { id: first.id, status: 'completed' }, insertTurn: second }),
      )
      const { turns } = await context.store.leftovers.takeLeftovers(session.tenantId, session.id, 9_000)
      expect(turns.map(turn => turn.id)).toEqual([second.id])
    })

    it('appends transcript lines with the change, each once', async () => {
      const session = await addSession()
      const { transcripts } = context.store
      const part = { tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
      const task = { ...part, subpath: 'subagents/one' }
      const line = (n: number) => ({ type: 'user', uuid: `u-${n}`, text: `line ${n}` })
      await transcripts.appendTranscript(part, [line(1)])
      const changed = line(3)
      const commit = context.store.commit(
        changeOf(session, {
          events: [messageEvent('a')],
          transcript: [
            { part, entries: [line(1), line(2)] },
            { part: task, entries: [line(1)] },
            { part, entries: [line(2), changed] },
          ],
        }),
      )
      changed.text = 'changed after the call'
      await commit
      await transcripts.appendTranscript(part, [line(3), line(4)])
      expect(await transcripts.loadTranscript(part)).toEqual([1, 2, 3, 4].map(line))
      expect(await transcripts.loadTranscript(task)).toEqual([line(1)])
    })

    it('keeps neither the lines nor the change when either fails', async () => {
      const session = await addSession()
      const part = { tenantId, claudeSessionId: session.claudeSessionId, subpath: null }
      const entry = { type: 'user', uuid: 'u-1' }
      const event = messageEvent('no')
      const unknownTurn = changeOf(session, {
        transcript: [{ part, entries: [entry] }],
        updateTurn: { id: randomUUID(), status: 'failed' },
      })
      await expect(context.store.commit(unknownTurn)).rejects.toThrow(/no turn/)
      const notJson = changeOf(session, {
        events: [event],
        transcript: [{ part, entries: [entry, { type: 'user', amount: 1n }] }],
      })
      await expect(context.store.commit(notJson)).rejects.toThrow(/BigInt/)
      expect(await context.store.transcripts.loadTranscript(part)).toBeNull()
      expect(await findSession(session)).toEqual(session)
    })

    it('rejects a session that does not exist or is of another tenant', async () => {
      const session = await addSession()
      const event = messageEvent('no')
      await expect(
        context.store.commit(changeOf(session, { sessionId: randomUUID(), events: [event] })),
      ).rejects.toThrow(/no session/)
      await expect(
        context.store.commit(changeOf(session, { tenantId: otherTenant, events: [event] })),
      ).rejects.toThrow(/no session/)
      expect(await findSession(session)).toEqual(session)
    })

    it('rejects a turn that the session does not have, with everything else in the change', async () => {
      const session = await addSession()
      const stranger = turnRecord(await addSession())
      const changes = [
        changeOf(session, { session: { title: 'no' }, updateTurn: { id: stranger.id, status: 'failed' } }),
        changeOf(session, { session: { title: 'no' }, events: [messageEvent('no', stranger.id)] }),
        changeOf(session, { session: { title: 'no' }, insertTurn: stranger }),
      ]
      for (const change of changes) await expect(context.store.commit(change)).rejects.toThrow(/turn/i)
      expect(await findSession(session)).toEqual(session)
    })

    it('is seen as a whole or not at all', async () => {
      const session = await addSession()
      let busy = true
      const writing = Promise.all(
        Array.from({ length: 600 }, () =>
          context.store.commit(changeOf(session, { events: [messageEvent('a'), messageEvent('b')] })),
        ),
      ).finally(() => {
        busy = false
      })
      while (busy) {
        const { total, messages } = await context.store.listMessages(tenantId, session.id, {
          limit: 5_000,
          offset: 0,
        })
        expect(total % 2).toBe(0)
        expect(messages).toHaveLength(total)
        await new Promise(resolve => setImmediate(resolve))
      }
      await writing
      expect((await findSession(session)).messageCount).toBe(1_200)
    })
  })
}
