import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { firstIdAt, TimeOrderedIds } from '../../src/lib/time-ordered-id.ts'
import {
  type AuditClaim,
  type AuditQuery,
  type AuditRecord,
  withAuditEntry,
} from '../../src/sessions/ports/audit.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId } from './store-records.ts'

const ids = new TimeOrderedIds()
const dayMs = 24 * 60 * 60 * 1000

export function auditRecord(fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...ids.create(),
    tenantId,
    keyId: 'key-1',
    name: 'bot "1" \u2028',
    action: 'file.read',
    outcome: 'done',
    errorCode: null,
    sessionId: null,
    turnId: null,
    address: '2001:db8::1',
    requestId: randomUUID(),
    count: 1,
    details: { path: 'a/ü.txt', deep: [1, null, true] },
    ...fields,
  }
}

/** An entry of a request, as transactions see it. */
function openEntry() {
  const record = auditRecord()
  const settled: boolean[] = []
  const claim: AuditClaim = {
    record,
    complete: ({ details, ...facts }) =>
      Object.assign(record, facts, { details: { ...record.details, ...details } }),
    settle: isStored => settled.push(isStored),
  }
  let taken = false
  const entry = {
    claim() {
      if (taken) return undefined
      taken = true
      return claim
    },
  }
  return { record, settled, entry }
}

/** What the port `AuditStore` promises, and changes that carry entries. */
export function auditCases(context: StoreContext): void {
  const audit = () => context.store.audit
  const all: AuditQuery = {
    tenantId: undefined,
    order: 'oldest',
    after: undefined,
    fromId: undefined,
    toId: undefined,
    sessionId: undefined,
    keyId: undefined,
    action: undefined,
    outcome: undefined,
    limit: 100,
  }
  const list = async (query: Partial<AuditQuery> = {}) => audit().listAudit({ ...all, ...query })
  const found = async (query: Partial<AuditQuery> = {}) => (await list(query)).entries.map(({ id }) => id)

  test('entries come back whole, oldest or newest first, in pages', async () => {
    const records = Array.from({ length: 5 }, () => auditRecord())
    await audit().appendAudit(records)
    expect((await list()).entries).toEqual(records)
    expect(await list({ limit: 2 })).toEqual({
      entries: records.slice(0, 2),
      lastId: records[1]?.id,
      hasMore: true,
    })
    expect(await list({ limit: 3, after: records[1]?.id })).toEqual({
      entries: records.slice(2),
      lastId: records[4]?.id,
      hasMore: false,
    })
    expect((await list({ order: 'newest', limit: 2, after: records[3]?.id })).entries).toEqual(
      records.slice(1, 3).reverse(),
    )
  })

  test('they are found by tenant, session, key, action, outcome and time', async () => {
    const session = randomUUID()
    const [one, other, nobodys, failed] = [
      auditRecord({ sessionId: session, at: 5_000, id: firstIdAt(5_000) }),
      auditRecord({ tenantId: 'other', keyId: 'key-2', at: 6_000, id: firstIdAt(6_000) }),
      auditRecord({ tenantId: null, keyId: null, action: 'authenticate', outcome: 'refused' }),
      auditRecord({ outcome: 'failed', errorCode: 'INTERNAL', action: 'file.write', count: 7 }),
    ]
    await audit().appendAudit([one, other, nobodys, failed])
    expect(await found({ tenantId })).toEqual([one.id, failed.id])
    expect(await found({ tenantId: 'other' })).toEqual([other.id])
    expect(await found({ sessionId: session })).toEqual([one.id])
    expect(await found({ sessionId: session, tenantId: 'other' })).toEqual([])
    expect(await found({ keyId: 'key-2' })).toEqual([other.id])
    expect(await found({ action: 'authenticate' })).toEqual([nobodys.id])
    expect(await found({ outcome: 'failed', action: 'file.write', tenantId })).toEqual([failed.id])
    expect(await found({ fromId: firstIdAt(6_000) })).toEqual([other.id, nobodys.id, failed.id])
    expect(await found({ toId: firstIdAt(6_000), order: 'newest' })).toEqual([one.id])
  })

  test('a search looks at a limited part of the log, and continues', async () => {
    const records = Array.from({ length: 2_005 }, () => auditRecord({ details: {} }))
    const rare = auditRecord({ action: 'key.revoke' })
    await audit().appendAudit([...records, rare])
    const first = await list({ action: 'key.revoke' })
    expect(first).toEqual({ entries: [], lastId: records[1_999]?.id, hasMore: true })
    expect(await list({ action: 'key.revoke', after: first.lastId })).toEqual({
      entries: [rare],
      lastId: rare.id,
      hasMore: false,
    })
  })

  test('an entry is stored once, and never changed', async () => {
    const record = auditRecord()
    await audit().appendAudit([record])
    await audit().appendAudit([{ ...record, keyId: 'another' }])
    expect((await list()).entries).toEqual([record])
  })

  test('entries older than a day can be removed, oldest first; younger ones never', async () => {
    const at = Date.now() - 2 * dayMs
    const old = [0, 1, 2].map(ms => auditRecord({ at: at + ms, id: firstIdAt(at + ms) }))
    const young = auditRecord()
    await audit().appendAudit([...old, young])
    const before = firstIdAt(at + 10)
    expect(await audit().trimAudit(before, 2)).toBe(2)
    expect(await found()).toEqual([old[2]?.id, young.id])
    expect(await audit().trimAudit(before, 2)).toBe(1)
    await expect(audit().trimAudit(firstIdAt(Date.now() + dayMs), 100)).rejects.toThrow(/append-only/)
    expect(await found()).toEqual([young.id])
  })

  test('the first change of a request stores its entry, with what the change knows', async () => {
    const session = await context.addSession()
    const { record, settled, entry } = openEntry()
    await withAuditEntry(entry, async () => {
      await context.store.commit(changeOf(session, { events: [messageEvent('a')] }))
      await context.store.commit(changeOf(session, { events: [messageEvent('b')] }))
    })
    expect(settled).toEqual([true])
    expect((await list()).entries).toEqual([{ ...record, sessionId: session.id }])
  })

  test('a new session, and a new webhook, store it too', async () => {
    const creating = openEntry()
    const session = sessionRecord()
    await withAuditEntry(creating.entry, () => context.store.createSession(session, [], 100))
    const saving = openEntry()
    const webhook = {
      ...{ id: randomUUID(), tenantId, createdBy: 'key-1', url: 'https://example.com/', secrets: 'sealed' },
      ...{ events: [], createdAt: 1, disabledAt: null, disabledReason: null, lastDeliveredAt: null },
    }
    await withAuditEntry(saving.entry, () => context.store.webhooks.saveWebhook(webhook))
    const [created, saved] = (await list()).entries
    expect(created?.sessionId).toBe(session.id)
    expect(saved?.details).toMatchObject({ webhookId: webhook.id })
    expect([creating.settled, saving.settled]).toEqual([[true], [true]])
  })

  test('a change that fails, or changes nothing, stores no entry', async () => {
    const failing = openEntry()
    const nowhere = sessionRecord()
    await expect(
      withAuditEntry(failing.entry, () => context.store.commit(changeOf(nowhere))),
    ).rejects.toThrow()
    const full = openEntry()
    const { created } = await withAuditEntry(full.entry, () => context.store.createSession(nowhere, [], 0))
    const absent = openEntry()
    const { removed } = await withAuditEntry(absent.entry, () =>
      context.store.attachments.removeAttachment(tenantId, randomUUID(), randomUUID()),
    )
    expect([created, removed]).toEqual([false, false])
    expect([failing.settled, full.settled, absent.settled]).toEqual([[false], [false], [false]])
    expect(await found()).toEqual([])
  })
}
