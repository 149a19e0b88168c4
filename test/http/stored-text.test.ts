import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import { toEventFrame, toStoredMessageJson } from '../../src/http/wire.ts'
import { withSummary } from '../../src/sessions/log/message-summary.ts'
import type { EventRecord, NewEvent } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { changeOf, sessionRecord, tenantId } from '../suites/store-records.ts'
import { initEvent, type NewMessage } from '../suites/store-text-cases.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const turnId = randomUUID()
const said = (
  source: 'user' | 'sdk',
  message: Record<string, unknown>,
  id: string = randomUUID(),
): NewMessage => ({
  type: 'message',
  turnId,
  payload: { id, source, message },
})
const text = { type: 'text', text: 'line\u2028and\u2029next\u0085 "message": {}\n half \ud83d \0' }
const messages: NewMessage[] = [
  said('user', { type: 'user', message: { role: 'user', content: 'hello' }, parent_tool_use_id: null }),
  initEvent(),
  said('sdk', {
    message: { role: 'assistant', content: [text] },
    type: 'assistant',
    parent_tool_use_id: null,
  }),
  said('sdk', { type: 'user', message: { role: 'user', content: [text] }, parent_tool_use_id: null }),
  said('sdk', { type: 'user', message: { content: [{ type: 'tool_result' }] }, parent_tool_use_id: null }),
  said('sdk', { '"message":': 1, subtype: 'success', type: 'result' }, '"message":\u2028'),
  said('sdk', { subtype: 7 }),
]

const toJson = (event: EventRecord) => toStoredMessageJson(event, messageReader)

/** The messages as an earlier version stored them, and as they are stored now. */
async function openBoth() {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  const read = async (events: NewEvent[]): Promise<EventRecord[]> => {
    const session = sessionRecord({ id: randomUUID() })
    await store.createSession(session, [], 10)
    await store.commit(changeOf(session, { events: events.map(event => ({ ...event, turnId: null })) }))
    const query = { limit: 100, offset: 0 }
    const page = await store.listMessages(tenantId, session.id, query)
    const text = await store.readMessages(tenantId, session.id, query)
    if (text) expect(`${text.json}`).toBe(page.messages.map(toJson).join())
    return page.messages
  }
  const now = await read(messages.map(event => withSummary(event, 3_000, messageReader)))
  return { store, before: await read(messages), now }
}

it('a message that is passed through as text reads as one that is made of its payload', async () => {
  const { store, before, now } = await openBoth()
  expect(before.map(event => event.text)).toEqual(messages.map(() => undefined))
  expect(now.every(event => event.text)).toBe(true)
  const lines = now.map(toJson)
  expect(lines).toEqual(before.map(toJson))
  expect(lines.map(line => JSON.parse(line).content)).toEqual(messages.map(({ payload }) => payload.message))
  for (const line of lines) expect(line).not.toMatch(/[\u0085\u2028\u2029\n]/)
  const rewound = (event: EventRecord) => toJson({ ...event, rewound: true } as EventRecord)
  expect(now.map(rewound)).toEqual(before.map(rewound))
  await store.close()
})

it('so does an event of a stream', async () => {
  const { store, before, now } = await openBoth()
  const frame = (event: EventRecord) => toEventFrame({ ...event, sessionId: 's' }, messageReader).toString()
  expect(now.map(frame)).toEqual(before.map(frame))
  await store.close()
})
