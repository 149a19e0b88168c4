import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ApiKeyRecord, ConsoleLoginRecord } from '../../src/sessions/ports/index.ts'
import type { StoreContext } from './store-context.ts'
import { sessionRecord, tenantId } from './store-records.ts'

export function keyRecord(fields: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id: randomUUID().slice(0, 12),
    tenantId,
    createdBy: 'key-1',
    name: 'größer \u{1f600}',
    scopes: ['sessions:read', 'usage:read'],
    sessionId: null,
    limits: { spendPerDayUsd: 0.5 },
    hash: 'a'.repeat(64),
    previousHash: null,
    previousUntil: null,
    createdAt: 1_000,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...fields,
  }
}

export function loginRecord(fields: Partial<ConsoleLoginRecord> = {}): ConsoleLoginRecord {
  return {
    id: randomUUID(),
    tenantId,
    createdBy: 'key-1',
    credentialHash: 'a'.repeat(64),
    scopes: ['sessions:read', 'usage:read'],
    token: null,
    origin: 'http://127.0.0.1:3050',
    createdAt: 1_000,
    lastUsedAt: 1_000,
    ...fields,
  }
}

/** API keys, logins, and what callers of all tenants read. */
export function keyCases(context: StoreContext): void {
  test('keeps keys as they were last saved, oldest first', async () => {
    const { keys } = context.store
    const second = keyRecord({ createdAt: 2_000, sessionId: randomUUID(), expiresAt: 9e12 })
    const first = keyRecord({ tenantId: 'other' })
    await keys.saveKey(second)
    await keys.saveKey(first)
    const rotated = { ...first, hash: 'b'.repeat(64), previousHash: first.hash, previousUntil: 8e12 }
    await keys.saveKey(rotated)
    expect(await keys.loadKeys()).toEqual([rotated, second])
    await keys.noteUses(new Map([[second.id, 3_000]]))
    await keys.removeKeys([first.id, 'unknown'])
    expect(await keys.loadKeys()).toEqual([{ ...second, lastUsedAt: 3_000 }])
  })

  test('keeps logins of the console until they end, and its own name for good', async () => {
    const { logins } = context.store
    const instance = await logins.loadInstance()
    expect(instance).toMatch(/^[0-9a-f]{16}$/)
    expect(await logins.loadInstance()).toBe(instance)
    const byKey = loginRecord({ lastUsedAt: 3_000 })
    const token = { name: 'größer \u{1f600}', expiresAt: 9e12, provider: 'c'.repeat(64) }
    const byToken = loginRecord({ token, tenantId: 'other', lastUsedAt: 2_000 })
    for (const login of [byKey, byToken]) await logins.addLogin(login, [])
    expect(await logins.loadLogins()).toEqual([byToken, byKey])
    await logins.noteLoginUse(byToken.id, 4_000)
    expect(await logins.loadLogins()).toEqual([byKey, { ...byToken, lastUsedAt: 4_000 }])
    const later = loginRecord({ lastUsedAt: 5_000 })
    await logins.addLogin(later, [byKey.id, 'unknown'])
    await logins.endLogin(byToken)
    expect(await logins.loadLogins()).toEqual([later])
    await logins.removeLogins([later.id, later.id])
    expect(await logins.loadLogins()).toEqual([])
  })

  test('lists the sessions of one tenant or of all, in one order', async () => {
    const made = await Promise.all(
      [tenantId, 'other', tenantId, 'third'].map(async (tenant, index) => {
        const session = sessionRecord({ tenantId: tenant, lastActivityAt: 1_000 + index, createdAt: 500 })
        await context.store.createSession(session, [], 1_000)
        return session.id
      }),
    )
    const list = async (tenant: string | undefined, status: 'active' | 'all') => {
      const query = { status, limit: 10, asOf: null, after: null }
      const { sessions, total } = await context.store.listSessions(tenant, query)
      expect(total).toBe(sessions.length)
      return sessions.map(({ id }) => id)
    }
    for (const status of ['active', 'all'] as const) {
      expect(await list(undefined, status)).toEqual(made.toReversed())
      expect(await list(tenantId, status)).toEqual([made[2], made[0]])
      expect(await list('nothing', status)).toEqual([])
    }
    expect(await context.store.findTenant(made[1] ?? '')).toBe('other')
    expect(await context.store.findTenant(randomUUID())).toBeUndefined()
  })
}
