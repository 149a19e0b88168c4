import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import { toJsonLine } from '../../src/lib/json-line.ts'
import { withSummary } from '../../src/sessions/log/message-summary.ts'
import type { NewEvent, SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId, textOf, turnRecord } from './store-records.ts'

const names = Array.from({ length: 60 }, (_, index) => `tool-${index}-\u2028-é-漢-👍-"quoted"\n`)

export type NewMessage = NewEvent & { type: 'message' }

/** The message that every turn begins with; `changed` is what is not as before. */
export function initEvent(changed: Record<string, unknown> = {}): NewMessage {
  const id = randomUUID()
  const message = {
    type: 'system',
    subtype: 'init',
    cwd: '/srv/work',
    session_id: randomUUID(),
    tools: names,
    mcp_servers: [],
    agents: { 7: names.slice(0, 20), b: null, '': 'half an emoji \ud83d' },
    '"key"\u2029': names.slice(20),
    uuid: id,
    fast: false,
    cost: 1e-7,
    user_message_uuids: [randomUUID(), randomUUID(), randomUUID()],
    ...changed,
  }
  return { type: 'message', turnId: null, payload: { id, source: 'sdk', message } }
}

/** That messages come back as the texts that were stored, also where what they repeat is stored once. */
export function textCases(context: StoreContext): void {
  async function addInits(session: SessionRecord, inits: NewEvent[]): Promise<void> {
    for (const init of inits)
      await context.store.commit(changeOf(session, { events: [withSummary(init, 3_000, messageReader)] }))
  }
  const linesOf = (events: { payload: object }[]) => events.map(({ payload }) => toJsonLine(payload))
  const differing = [
    {},
    { cwd: '/elsewhere' },
    { tools: names.slice(1) },
    { tools: [] },
    {},
    { tools: undefined, more: 1 },
    { ['x'.repeat(200)]: 'y'.repeat(200) },
  ]

  it('gives each first message of a turn back as it was, whatever it repeats', async () => {
    const session = await context.addSession()
    const inits = differing.map(initEvent)
    await addInits(session, inits)
    const events = await context.eventsOf(session)
    expect(linesOf(events)).toEqual(linesOf(inits))
    const { messages } = await context.store.listMessages(tenantId, session.id, { limit: 5, offset: 2 })
    expect(linesOf(messages)).toEqual(linesOf(inits.slice(2)))
    const texts = messages.map(({ text }) => text)
    expect(texts).toEqual(
      inits.slice(2).map(({ payload }) => ({
        content: toJsonLine(payload.message),
        summary: `"id":"${payload.id}","type":"system","subtype":"init","source":"sdk","timestamp":"1970-01-01T00:00:03.000Z"`,
      })),
    )
  })

  it('gives a page as one text, with the place of each message', async () => {
    const session = await context.addSession()
    const inits = differing.map(initEvent)
    await addInits(session, inits)
    for (const [query, expected, hasMore, total] of [
      [{ limit: 3, offset: 2 }, [3, 4, 5], true, 7],
      [{ limit: 9, offset: 5 }, [6, 7], false, 7],
      [{ limit: 2, offset: 1, after: 3 }, [5, 6], true, 4],
      [{ limit: 2, offset: 0, after: 5, countsAll: true }, [6, 7], false, 7],
      [{ limit: 2, offset: 9 }, [], false, 7],
    ] as const) {
      const page = await context.store.readMessages(tenantId, session.id, query)
      const messages = JSON.parse(`[${page?.json}]`) as Record<string, unknown>[]
      expect(messages.map(({ sequence, turnId }) => [sequence, turnId])).toEqual(
        expected.map(sequence => [sequence, null]),
      )
      const contents = expected.map(sequence => inits[sequence - 1]?.payload.message)
      expect(messages.map(({ content }) => toJsonLine(content))).toEqual(contents.map(toJsonLine))
      expect(page).toMatchObject({ lastSequence: expected.at(-1), hasMore, total })
    }
    await context.store.commit(changeOf(session, { events: [initEvent()] }))
    const query = { limit: 9, offset: 6 }
    expect(await context.store.readMessages(tenantId, session.id, query)).toBeUndefined()
    expect(await context.store.readMessages('other', session.id, query)).toMatchObject({ total: 0 })
  })

  it('gives a message without a summary no text', async () => {
    const session = await context.addSession()
    const init = initEvent()
    await context.store.commit(changeOf(session, { events: [init] }))
    const [event] = await context.eventsOf(session)
    expect(event).toEqual({ ...init, sessionId: session.id, sequence: 1, position: 1, at: 3_000 })
  })

  it('counts what a message repeats among the bytes of a page', async () => {
    const session = await context.addSession()
    await addInits(session, [initEvent(), initEvent(), initEvent()])
    const bytes = Buffer.byteLength(linesOf([initEvent()])[0] ?? '')
    const read = async (maxBytes: number) => {
      const query = { sessionId: session.id, after: 0, limit: 10, maxBytes }
      return (await context.store.readLog(tenantId, query)).events.length
    }
    expect(await read(1.5 * bytes)).toBe(1)
    expect(await read(2.5 * bytes)).toBe(2)
    expect(await read(3.5 * bytes)).toBe(3)
  })

  it('gives a fork what the messages of its past repeat, for as long as it has them', async () => {
    const session = await context.addSession({ status: 'ended', endedAt: 1 })
    const inits = differing.map(initEvent)
    await addInits(session, inits)
    const copy = sessionRecord()
    await context.store.createSession(copy, [], 10, undefined, {
      sessionId: session.id,
      before: 4,
      without: [{ from: 2, to: 2 }],
    })
    while (await context.store.trimEvents(2, 2)) {
      // Until nothing of the original is left.
    }
    expect(await context.eventsOf(session)).toEqual([])
    const kept = [inits[0], inits[2]].flatMap(init => init ?? [])
    expect(linesOf(await context.eventsOf(copy))).toEqual(linesOf(kept))
    const next = initEvent({ tools: names.slice(1) })
    await addInits(copy, [next])
    expect(linesOf(await context.eventsOf(copy))).toEqual(linesOf([...kept, next]))
  })

  it('stores whatever a model says, and looks for whatever a caller names', async () => {
    const { store } = context
    const said = 'a\0b \ud83d c'
    const session = await context.addSession({ title: said, metadata: { said } })
    const turn = turnRecord(session, { prompt: said })
    await store.commit(changeOf(session, { insertTurn: turn, events: [messageEvent(said, turn.id)] }))
    const response = `${said}!`
    await store.commit(
      changeOf(session, { updateTurn: { id: turn.id, status: 'failed', response, notice: said } }),
    )
    const [message] = await context.eventsOf(session)
    expect(message && textOf(message)).toBe(said)
    expect((await context.findSession(session)).metadata).toEqual({ said })
    // SQLite keeps every character, PostgreSQL the place of those that it cannot hold.
    const found = await store.findTurn(tenantId, session.id, turn.id)
    expect(found?.response).toMatch(/^a[\0\ufffd]b [\ud83d\ufffd] c!$/)
    expect(found?.notice).toMatch(/^a[\0\ufffd]b [\ud83d\ufffd] c$/)
    for (const unknown of ['\0', `${session.id}\0`, '\ud83d']) {
      expect(await store.findSession(tenantId, unknown)).toBeUndefined()
      expect(await store.findSession(unknown, session.id)).toBeUndefined()
      expect(await store.findTurn(tenantId, session.id, unknown)).toBeUndefined()
      expect(await store.listTurns(tenantId, unknown, { limit: 1, offset: 0 })).toMatchObject({ turns: [] })
    }
  })
}
