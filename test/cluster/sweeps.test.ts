import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { idleLoginMs } from '../../src/access/console-logins.ts'
import { withFences } from '../../src/cluster/fenced-store.ts'
import { Membership } from '../../src/cluster/membership.ts'
import { Ownership } from '../../src/cluster/ownership.ts'
import { Sweeps } from '../../src/cluster/sweeps.ts'
import { Volumes } from '../../src/cluster/volumes.ts'
import { firstIdAt } from '../../src/lib/time-ordered-id.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { auditRecord } from '../suites/store-audit-cases.ts'
import { loginRecord } from '../suites/store-key-cases.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { deliveryOf, webhookOf } from '../suites/store-webhook-cases.ts'
import { openNodeStore, sharedDatabase } from '../support/nodes.ts'
import { caller, plain, until } from '../support/open-sessions.ts'
import { openNodeSessions } from './open-node.ts'

const dayMs = 24 * 60 * 60 * 1000

async function openStores(): Promise<[Store, Store]> {
  const url = await sharedDatabase()
  return [(await openNodeStore(url)).store, (await openNodeStore(url)).store]
}

/** Runs the same thing at two nodes at once, each again until nothing is left. */
async function sweepBoth(stores: readonly Store[], step: (store: Store) => Promise<boolean>): Promise<void> {
  await Promise.all(
    stores.map(async store => {
      while (await step(store)) {
        // Until nothing is left.
      }
    }),
  )
}

test('events of ended sessions are removed by two nodes at once, each event once', async () => {
  const stores = await openStores()
  const [one] = stores
  const sessions = Array.from({ length: 12 }, () => sessionRecord())
  for (const session of sessions) {
    await one.createSession(session, [messageEvent('a')], 100)
    for (let count = 0; count < 5; count++) {
      await one.commit(changeOf(session, { events: [messageEvent('x')] }))
    }
    await one.commit(changeOf(session, { session: { status: 'ended', endedAt: 1_000 }, events: [] }))
  }
  await sweepBoth(stores, store => store.trimEvents(2_000, 2))
  for (const { id, tenantId } of sessions) {
    const { trimmedThrough, events } = await one.readLog(tenantId, {
      ...{ sessionId: id, after: 0, limit: 100, maxBytes: 1e6 },
    })
    expect([trimmedThrough, events]).toEqual([6, []])
  }
})

test('ended sessions are removed by two nodes at once', async () => {
  const stores = await openStores()
  const [one] = stores
  for (let count = 0; count < 12; count++) {
    const session = sessionRecord()
    await one.createSession(session, [messageEvent('a'), messageEvent('b')], 100)
    await one.commit(changeOf(session, { session: { status: 'expired', endedAt: 1_000 }, events: [] }))
  }
  await sweepBoth(stores, async ({ retention }) => {
    const session = await retention.findOldestEnded(2_000)
    if (!session) return false
    while (await retention.removeStep(session, 1)) {
      // Until nothing of it is left.
    }
    return true
  })
  expect(await one.countSessions()).toEqual({ active: 0, total: 0 })
})

test('deliveries, idempotency keys, tickets and logins are removed by two nodes at once', async () => {
  const stores = await openStores()
  const [one] = stores
  const webhook = webhookOf()
  await one.webhooks.saveWebhook(webhook)
  for (let count = 0; count < 60; count++) {
    const session = sessionRecord()
    const key = { tenantId: session.tenantId, keyId: 'key-1', key: `${count}`, fingerprint: 'f' }
    await one.createSession(session, [], 100, {
      ...key,
      sessionId: session.id,
      turnId: null,
      expiresAt: 1_000,
    })
    await one.webhooks.addDelivery(
      deliveryOf(webhook, { status: 'failed', nextAttemptAt: null, createdAt: 1_000 }),
    )
    await one.logins.addLogin(loginRecord({ id: randomUUID() }), [])
    expect(await one.tickets.redeemTicket(`${count}`, 1_000)).toBe(true)
  }
  const now = Date.now()
  const removed = { keys: 0, deliveries: 0 }
  await sweepBoth(stores, async store => {
    const keys = await store.idempotency.removeExpiredIdempotencyKeys(now, 7)
    removed.keys += keys
    return keys > 0
  })
  await sweepBoth(stores, async store => {
    const deliveries = await store.webhooks.trimDeliveries(now, 7)
    removed.deliveries += deliveries
    return deliveries > 0
  })
  await Promise.all(stores.map(({ tickets }) => tickets.removeExpiredTickets(now)))
  await Promise.all(stores.map(({ logins }) => logins.removeOldLogins(now, now - idleLoginMs)))
  // Each request with a key removes some as well.
  expect(removed.keys).toBeLessThanOrEqual(60)
  expect(await one.idempotency.removeExpiredIdempotencyKeys(now, 100)).toBe(0)
  expect(removed.deliveries).toBe(60)
  expect(await one.logins.loadLogins()).toEqual([])
  expect(await one.tickets.redeemTicket('1', now)).toBe(true)
})

test('old entries of the audit log are removed by two nodes at once, each once', async () => {
  const stores = await openStores()
  const [one] = stores
  const at = Date.now() - 2 * dayMs
  const records = Array.from({ length: 60 }, (_, ms) => auditRecord({ at: at + ms, id: firstIdAt(at + ms) }))
  await one.audit.appendAudit(records)
  let removed = 0
  await sweepBoth(stores, async store => {
    const count = await store.audit.trimAudit(firstIdAt(at + dayMs / 2), 7)
    removed += count
    return count > 0
  })
  expect(removed).toBe(60)
})

test('sweeps are run by the first node alone, and a failure does not keep the others from running', async () => {
  const runs: string[] = []
  const faults: unknown[] = []
  const open = (name: string, isFirst: boolean) =>
    new Sweeps({
      isFirst: () => isFirst,
      sweeps: [() => Promise.reject(new Error(name)), async () => void runs.push(name)],
      onFault: error => faults.push(error),
    })
  await Promise.all([open('first', true).run(), open('second', false).run()])
  expect([runs, faults]).toEqual([['first'], [new Error('first')]])
})

/** The sessions of a node that claims them, with the fences of its claims. */
async function openOwner(url: string) {
  const nodeId = randomUUID()
  let ownership: Ownership | undefined
  const opened = await openNodeSessions(url, {
    ...{ nodeId, sessionTimeoutMs: 50 },
    withStore(store) {
      const faults = { warn() {}, error() {} }
      const membership = new Membership({ nodes: store.nodes, id: nodeId, faults })
      const volumes = new Volumes(nodeId, [])
      const { claims } = store
      ownership = new Ownership({ claims, membership, volumes: volumes.names, mayAct: () => true, faults })
      return withFences(store, ownership, volumes)
    },
  })
  ownership?.open(opened.sessions)
  return opened
}

const historyOf = async ({ store }: { store: Store }, sessionId: string) => {
  const events = await store.listEvents(caller.tenantId, { sessionId, after: 0, limit: 10 })
  return events.map(({ type }) => type)
}

test('a session expires at one node only, also one that another node has created', async () => {
  const url = await sharedDatabase()
  const [one, other] = [await openOwner(url), await openOwner(url)]
  const made = await Promise.all([one, other, one, other].map(node => node.sessions.create(caller, plain)))
  for (const { session } of made) {
    const statusOf = async () => (await other.store.findSession(caller.tenantId, session.id))?.status
    await until(async () => (await statusOf()) === 'expired')
  }
  for (const { session } of made) {
    expect(await historyOf(one, session.id)).toEqual(['session.created', 'session.expired'])
  }
  expect([one.faults, other.faults]).toEqual([[], []])
})

test('a session whose node has gone expires at another, once', async () => {
  const url = await sharedDatabase()
  const rest = await Promise.all([openOwner(url), openOwner(url)])
  const gone = await openNodeSessions(url, { sessionTimeoutMs: 200 })
  const { session } = await gone.sessions.create(caller, plain)
  await gone.sessions.close()
  await gone.store.nodes.leave(gone.nodeId)
  await Promise.all(rest.map(node => node.sessions.create(caller, plain)))
  const [{ store }] = rest
  await until(async () => (await store.findSession(caller.tenantId, session.id))?.status === 'expired')
  expect(await historyOf(rest[0], session.id)).toEqual(['session.created', 'session.expired'])
})
