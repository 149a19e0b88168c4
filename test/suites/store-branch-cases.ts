import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { NewEvent, SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId, textOf, turnRecord } from './store-records.ts'

/** What the port `BranchStore` promises, and `createSession` of a past. */
export function describeBranches(context: StoreContext): void {
  const prompt = (turnId: string): NewEvent => ({
    type: 'message',
    turnId,
    payload: { id: turnId, source: 'user', message: { type: 'user', text: turnId } },
  })

  /** Three turns of a prompt and an answer each. */
  async function addConversation(): Promise<{ session: SessionRecord; turnIds: string[] }> {
    const session = await context.addSession()
    const turnIds: string[] = []
    for (const answer of ['one', 'two', 'three']) {
      const insertTurn = turnRecord(session, { status: 'completed' })
      turnIds.push(insertTurn.id)
      const { id } = insertTurn
      const queued: NewEvent = { type: 'turn.queued', turnId: id, payload: { status: 'queued' } }
      const events = [queued, prompt(id), messageEvent(answer, id)]
      await context.store.commit(changeOf(session, { insertTurn, events }))
    }
    return { session, turnIds }
  }

  it('knows the prompts that turns began with, in their order, and no other messages', async () => {
    const { session, turnIds } = await addConversation()
    const { branches } = context.store
    expect(await branches.listPrompts(tenantId, session.id)).toEqual(
      turnIds.map((turnId, index) => ({ turnId, sequence: 3 * index + 2 })),
    )
    expect(await branches.listPrompts('other', session.id)).toEqual([])
    expect(await branches.listPrompts(tenantId, randomUUID())).toEqual([])
  })

  it('gives a new session the messages of a past, numbered anew', async () => {
    const { session, turnIds } = await addConversation()
    const copy = sessionRecord({ conversationStarted: true })
    const first = { type: 'session.created', turnId: null, payload: {} } as NewEvent
    const past = { sessionId: session.id, before: 8, without: [{ from: 5, to: 6 }] }
    const made = await context.store.createSession(copy, [first], 10, undefined, past)
    expect(made).toMatchObject({ created: true, events: [{ sequence: 1 }] })
    const events = await context.eventsOf(copy)
    expect(events.map(({ sequence, type }) => [sequence, type])).toEqual([
      [1, 'session.created'],
      [2, 'message'],
      [3, 'message'],
    ])
    expect(events.slice(1).map(textOf)).toEqual([turnIds[0], 'one'])
    expect(events.slice(1).map(({ turnId }) => turnId)).toEqual([turnIds[0], turnIds[0]])
    expect(await context.findSession(copy)).toMatchObject({ lastSequence: 3, messageCount: 2 })
    expect(await context.store.branches.listPrompts(tenantId, copy.id)).toEqual([
      { turnId: turnIds[0], sequence: 2 },
    ])
    // And goes on from there.
    await context.store.commit(changeOf(copy, { events: [messageEvent('four')] }))
    const { messages, total } = await context.store.listMessages(tenantId, copy.id, { limit: 1, offset: 2 })
    expect({ texts: messages.map(textOf), total }).toEqual({ texts: ['four'], total: 3 })
    expect((await context.eventsOf(session)).length).toBe(9)
  })

  it('gives no messages of other tenants, and none when there is no room', async () => {
    const { session } = await addConversation()
    const past = { sessionId: session.id, before: null, without: [] }
    const stranger = sessionRecord({ tenantId: 'other' })
    await context.store.createSession(stranger, [], 10, undefined, past)
    expect(await context.eventsOf(stranger)).toEqual([])
    const refused = sessionRecord()
    expect(await context.store.createSession(refused, [], 1, undefined, past)).toMatchObject({
      created: false,
    })
    expect(await context.eventsOf(refused)).toEqual([])
  })

  it('keeps where a session comes from and what was rewound', async () => {
    const forkedFrom = { sessionId: randomUUID(), turnId: null }
    const session = await context.addSession({ forkedFrom })
    const rewound = [{ from: 2, to: 5 }]
    await context.store.commit(changeOf(session, { session: { rewound } }))
    expect(await context.findSession(session)).toMatchObject({ forkedFrom, rewound })
  })
}
