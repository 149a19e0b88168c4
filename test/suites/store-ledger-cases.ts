import { expect, test } from 'vitest'
import type { UsageCounters, UsageEntry, UsageQuery } from '../../src/sessions/ports/index.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId } from './store-records.ts'

const nothing: UsageCounters = {
  turns: 0,
  autonomousWork: 0,
  activeMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  webSearchRequests: 0,
  microUsd: 0,
  withoutTokens: 0,
  withoutCost: 0,
}

/** What the port `UsageLedger` promises. */
export function ledgerCases(context: StoreContext): void {
  const entry = (fields: Partial<UsageEntry>): UsageEntry => ({
    ...nothing,
    createdBy: 'key-1',
    day: '2026-01-31',
    model: '',
    ...fields,
  })
  const add = (session: SessionRecord, ...usage: Partial<UsageEntry>[]) =>
    context.store.commit(changeOf(session, { usage: usage.map(entry) }))
  const list = (fields: Partial<UsageQuery>) =>
    context.store.ledger.listUsage({
      tenantId,
      keyId: undefined,
      from: '2026-01-01',
      to: '2026-12-31',
      groupBy: ['day'],
      limit: 100,
      after: undefined,
      ...fields,
    })
  /** Only what is not nothing. */
  const brief = async (fields: Partial<UsageQuery>) =>
    (await list(fields)).map(({ values, ...counters }) => [
      ...values,
      Object.fromEntries(Object.entries(counters).filter(([, count]) => count !== 0)),
    ])

  test('adds up, and tells apart what was asked for', async () => {
    const [one, other] = [await context.addSession(), await context.addSession()]
    await add(one, { turns: 1, activeMs: 5 }, { model: 'large', inputTokens: 2, microUsd: 30 })
    await add(one, { turns: 1 }, { model: 'large', microUsd: 7 }, { model: 'small', microUsd: 1 })
    await add(other, { createdBy: 'key-2', turns: 1, microUsd: 100, day: '2026-02-01' })
    expect(await brief({})).toEqual([
      ['2026-01-31', { turns: 2, activeMs: 5, inputTokens: 2, microUsd: 38 }],
      ['2026-02-01', { turns: 1, microUsd: 100 }],
    ])
    expect(await brief({ groupBy: ['key'] })).toEqual([
      ['key-1', { turns: 2, activeMs: 5, inputTokens: 2, microUsd: 38 }],
      ['key-2', { turns: 1, microUsd: 100 }],
    ])
    expect(await brief({ groupBy: ['day', 'model'] })).toEqual([
      ['2026-01-31', 'large', { inputTokens: 2, microUsd: 37 }],
      ['2026-01-31', 'small', { microUsd: 1 }],
      // Nothing is known of its models.
      ['2026-02-01', '', { turns: 1, microUsd: 100 }],
    ])
    const ids = [
      [one.id, { turns: 2, activeMs: 5, inputTokens: 2, microUsd: 38 }],
      [other.id, { turns: 1, microUsd: 100 }],
    ]
    expect(await brief({ groupBy: ['session'] })).toEqual(one.id < other.id ? ids : ids.reverse())
    expect(await brief({ keyId: 'key-2' })).toEqual([['2026-02-01', { turns: 1, microUsd: 100 }]])
    expect(await brief({ from: '2026-02-01' })).toHaveLength(1)
    expect(await brief({ to: '2026-01-30' })).toEqual([])
  })

  test('has entries of one change for the same key, day and model in one sum', async () => {
    const session = await context.addSession()
    await add(session, { microUsd: 2 }, { microUsd: 3 }, { microUsd: -1 })
    expect(await brief({})).toEqual([['2026-01-31', { microUsd: 4 }]])
  })

  test('knows tenants apart, and shows all of them together where none is named', async () => {
    const foreign = await context.addSession({ tenantId: 'tenant-b' })
    await add(await context.addSession(), { turns: 1 })
    await add(foreign, { turns: 3 })
    expect(await brief({})).toEqual([['2026-01-31', { turns: 1 }]])
    expect(await brief({ tenantId: 'tenant-c' })).toEqual([])
    for (const groupBy of [['tenant'], ['tenant', 'key'], ['tenant', 'session']] as const) {
      const rows = await list({ tenantId: undefined, groupBy })
      expect(rows.map(({ values, turns }) => [values[0], turns])).toEqual([
        ['tenant-a', 1],
        ['tenant-b', 3],
      ])
    }
    expect(await brief({ tenantId: undefined })).toEqual([['2026-01-31', { turns: 4 }]])
  })

  test('gives pages', async () => {
    const session = await context.addSession()
    for (const day of ['2026-03-01', '2026-03-02', '2026-03-03']) {
      await add(session, { day, turns: 1 }, { day, model: 'm', microUsd: 1 })
    }
    for (const groupBy of [['day'], ['day', 'model'], ['day', 'key'], ['day']] as const) {
      const pages: string[][] = []
      for (let after: string[] | undefined; ; after = pages.at(-1)) {
        const [group] = await list({ groupBy, limit: 1, after })
        if (!group) break
        pages.push(group.values)
      }
      expect(pages.map(([day]) => day)).toEqual(['2026-03-01', '2026-03-02', '2026-03-03'])
    }
  })

  test('sums the cost of a day and of its month, of a tenant and of a key', async () => {
    const session = await context.addSession()
    await add(
      session,
      { day: '2026-01-31', microUsd: 1 },
      { day: '2026-02-01', microUsd: 10 },
      { day: '2026-02-03', model: 'm', microUsd: 100 },
      { day: '2026-02-03', createdBy: 'key-2', microUsd: 1_000 },
      { day: '2026-02-04', microUsd: 10_000 },
    )
    const spent = (keyId: string, tenant = tenantId) =>
      context.store.ledger.sumSpent(tenant, keyId, '2026-02-03')
    expect(await spent('key-1')).toEqual({
      tenant: { day: 1_100, month: 1_110 },
      key: { day: 100, month: 110 },
    })
    expect((await spent('key-3')).key).toEqual({ day: 0, month: 0 })
    expect((await spent('key-1', 'tenant-b')).tenant).toEqual({ day: 0, month: 0 })
  })

  test('keeps the sums of a tenant when a session is removed', async () => {
    const session = await context.addSession({ status: 'ended', endedAt: 1 })
    await add(session, { turns: 1 })
    while (await context.store.retention.removeStep(session, 100));
    expect(await context.store.findSession(tenantId, session.id)).toBeUndefined()
    expect(await brief({})).toEqual([['2026-01-31', { turns: 1 }]])
    expect(await brief({ groupBy: ['session'] })).toEqual([])
  })

  test('is stored with its change, or not at all', async () => {
    const session = await context.addSession()
    const updateTurn = { id: 'there-is-none', status: 'completed' as const }
    const change = changeOf(session, { updateTurn, usage: [entry({ turns: 1 })] })
    await expect(context.store.commit(change)).rejects.toThrow()
    expect(await brief({})).toEqual([])
  })
}
