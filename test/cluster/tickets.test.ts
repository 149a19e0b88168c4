import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { KnownCaller } from '../../src/access/caller-directory.ts'
import { SharedTickets } from '../../src/http/shared-tickets.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { operator } from '../../src/sessions/records.ts'
import { openNodeStore, sharedDatabase } from '../support/nodes.ts'
import { caller, plain, until } from '../support/open-sessions.ts'
import { makeKey, type Node, openNode } from './open-node.ts'

async function takeTicket(node: Node, key: string, body: object = {}): Promise<string> {
  const response = await node.callWith(key, '/tickets', { method: 'POST', body: JSON.stringify(body) })
  expect(response.status).toBe(201)
  return ((await response.json()) as { ticket: string }).ticket
}

/** The status of a stream that is opened with a ticket, and its text, which ends with the stream. */
async function open(node: Node, path: string, ticket: string) {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const response = await fetch(`${node.door.url}${path}?ticket=${ticket}`, { signal: leaving.signal })
  return { status: response.status, text: () => response.text() }
}

test('a ticket of one node opens a stream at another one, once among all', async () => {
  const url = await sharedDatabase()
  const [one, other] = [await openNode(url), await openNode(url)]
  const { session } = await one.sessions.create(caller, plain)
  const path = `/sessions/${session.id}/events`
  const { key } = await makeKey(one)
  const first = await takeTicket(one, key)
  expect((await open(other, path, first)).status).toBe(200)
  for (const node of [one, other]) expect((await open(node, path, first)).status).toBe(403)
  const second = await takeTicket(one, key)
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) => open(index % 2 === 0 ? one : other, path, second)),
  )
  expect(outcomes.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(403)])
})

test('a ticket for one session opens only that one; a changed one and one of other keys open nothing', async () => {
  const url = await sharedDatabase()
  const [one, other] = [await openNode(url), await openNode(url)]
  const [own, foreign] = [await one.sessions.create(caller, plain), await one.sessions.create(caller, plain)]
  const { key } = await makeKey(one)
  const ticket = await takeTicket(one, key, { sessionId: own.session.id })
  const changed = ticket.replace(/.{9}$/, end => (end[0] === 'A' ? 'B' : 'A') + end.slice(1))
  const path = `/sessions/${own.session.id}/events`
  expect((await open(other, path, changed)).status).toBe(403)
  expect((await open(other, `/sessions/${foreign.session.id}/events`, ticket)).status).toBe(404)
  // Another way to write the same one, which is used up.
  expect((await open(one, path, `${ticket}x`)).status).toBe(403)
  const strangers = new SharedTickets(
    async () => ({ store: one.store.tickets, sealer: createSealer([randomBytes(32)]) }),
    { recallAfresh: async () => undefined },
  )
  const made = await strangers.create({ caller: operator('x'), isValid: () => true }, null)
  expect((await open(other, path, made)).status).toBe(403)
})

test('the key behind a ticket is judged where it is redeemed: revoked, it opens nothing, and ends what was opened', async () => {
  const url = await sharedDatabase()
  const [one, other] = [await openNode(url), await openNode(url)]
  const { session } = await one.sessions.create(caller, plain)
  const path = `/sessions/${session.id}/events`
  const { key, keyId } = await makeKey(one)
  const [first, second] = [await takeTicket(one, key), await takeTicket(one, key)]
  const stream = await open(other, path, first)
  expect(stream.status).toBe(200)
  await one.door.call(`/keys/${keyId}`, { method: 'DELETE' })
  expect(await stream.text()).toContain('event: closing')
  await until(async () => (await other.registry.findAfresh(keyId, key)) === undefined)
  expect((await open(other, path, second)).status).toBe(403)
})

test('a ticket ends after 30 seconds, and that of a host application’s caller opens nothing for longer than 15 minutes', async () => {
  const { store } = await openNodeStore(await sharedDatabase())
  const parts = { store: store.tickets, sealer: createSealer([randomBytes(32)]) }
  const tickets = () => new SharedTickets(async () => parts, { recallAfresh: async () => undefined })
  const known: KnownCaller = {
    caller: { ...operator('host:acme:alice'), isOperator: false },
    isValid: () => true,
  }
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const [first, second] = [await tickets().create(known, null), await tickets().create(known, null)]
  vi.setSystemTime(Date.now() + 29_000)
  const holder = await tickets().redeem(first)
  expect(holder?.caller).toMatchObject({ keyId: 'host:acme:alice', isOperator: false })
  expect([...(holder?.caller.scopes ?? [])]).toEqual(['sessions:read'])
  expect(holder?.isValid()).toBe(true)
  vi.setSystemTime(Date.now() + 2_000)
  expect(await tickets().redeem(second)).toBeUndefined()
  vi.setSystemTime(Date.now() + 15 * 60_000)
  expect(holder?.isValid()).toBe(false)
})
