import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { IdempotencyRecord } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId, turnRecord } from './store-records.ts'

/** What the port `IdempotencyStore` promises, and the changes that carry a key. */
export function idempotencyCases(context: StoreContext): void {
  const keyFor = (session: SessionRecord, fields: Partial<IdempotencyRecord> = {}): IdempotencyRecord => ({
    tenantId,
    keyId: 'key-1',
    key: 'abc',
    fingerprint: 'f',
    sessionId: session.id,
    turnId: null,
    expiresAt: 100_000,
    ...fields,
  })
  const find = (key = 'abc', now = 5_000, keyId = 'key-1', tenant = tenantId) =>
    context.store.idempotency.findIdempotencyKey(tenant, keyId, key, now)

  const remember = (session: SessionRecord, idempotency: IdempotencyRecord, at: number) =>
    context.store.commit(changeOf(session, { idempotency, at }))

  test('stores a key with the session or the turn that it led to', async () => {
    const session = sessionRecord()
    const ofSession = keyFor(session)
    await context.store.createSession(session, [], 10, ofSession)
    expect(await find()).toEqual(ofSession)
    const insertTurn = turnRecord(session)
    const ofTurn = keyFor(session, { key: 'turn', turnId: insertTurn.id })
    await context.store.commit(changeOf(session, { insertTurn, idempotency: ofTurn }))
    expect(await find('turn')).toEqual(ofTurn)
  })

  test('gives a key only to the tenant and the API key that sent it', async () => {
    const session = await context.addSession()
    await remember(session, keyFor(session), 0)
    expect(await find('abc', 5_000, 'key-2')).toBeUndefined()
    expect(await find('abc', 5_000, 'key-1', 'tenant-b')).toBeUndefined()
    expect(await find('ABC')).toBeUndefined()
    await remember(session, keyFor(session, { keyId: 'key-2' }), 0)
    expect(await find('abc', 5_000, 'key-2')).toMatchObject({ keyId: 'key-2' })
  })

  test('admits a key once: the change that comes second leaves nothing behind', async () => {
    const session = await context.addSession()
    const turns = [turnRecord(session), turnRecord(session)] as const
    const [first, second] = await Promise.allSettled(
      turns.map(insertTurn =>
        context.store.commit(
          changeOf(session, {
            insertTurn,
            idempotency: keyFor(session, { turnId: insertTurn.id }),
            events: [messageEvent('a', insertTurn.id)],
          }),
        ),
      ),
    )
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected'])
    expect(await find()).toMatchObject({ turnId: turns[0].id })
    expect((await context.store.listTurns(tenantId, session.id, { limit: 9, offset: 0 })).total).toBe(1)
    expect(await context.findSession(session)).toMatchObject({ lastSequence: 1, messageCount: 1 })
    const another = sessionRecord()
    await expect(context.store.createSession(another, [], 10, keyFor(another))).rejects.toThrow()
    expect(await context.store.findSession(tenantId, another.id)).toBeUndefined()
  })

  test('remembers nothing of what was refused or failed', async () => {
    const session = await context.addSession()
    const unknown = sessionRecord()
    const idempotency = keyFor(unknown)
    expect(await context.store.createSession(unknown, [], 0, idempotency)).toMatchObject({ created: false })
    await expect(
      context.store.commit(
        changeOf(session, {
          updateTurn: { id: randomUUID(), status: 'running' },
          idempotency: keyFor(session),
        }),
      ),
    ).rejects.toThrow()
    expect(await find()).toBeUndefined()
  })

  test('counts an expired key as none, and takes it again', async () => {
    const session = await context.addSession()
    const old = keyFor(session, { expiresAt: 1_000 })
    await remember(session, old, 0)
    expect(await find('abc', 999)).toEqual(old)
    expect(await find('abc', 1_000)).toBeUndefined()
    await expect(remember(session, old, 999)).rejects.toThrow()
    const renewed = keyFor(session, { fingerprint: 'g' })
    await remember(session, renewed, 1_000)
    expect(await find()).toEqual(renewed)
  })

  test('removes expired keys, no more than asked for, some with every key that comes', async () => {
    const { idempotency } = context.store
    const session = await context.addSession()
    for (let index = 0; index < 30; index++) {
      const record = keyFor(session, { key: `old-${index}`, expiresAt: 1_000 + index })
      await remember(session, record, 0)
    }
    expect(await idempotency.removeExpiredIdempotencyKeys(1_019, 3)).toBe(3)
    expect([await find('old-2', 0), await find('old-3', 0)]).toEqual([
      undefined,
      expect.objectContaining({ key: 'old-3' }),
    ])
    await remember(session, keyFor(session), 1_019)
    expect([await find('old-12', 0), await find('old-13', 0)]).toEqual([
      undefined,
      expect.objectContaining({ key: 'old-13' }),
    ])
    expect(await idempotency.removeExpiredIdempotencyKeys(1_019, 100)).toBe(7)
    expect(await idempotency.removeExpiredIdempotencyKeys(1_019, 100)).toBe(0)
    expect(await find('old-20', 0)).toBeDefined()
  })
}
