import { expect, test } from 'vitest'
import { claimAuditEntry, withAuditEntry, withoutAuditEntry } from '../../sessions/ports/audit.ts'
import { OpenEntry } from './open-entry.ts'

function openEntry(): OpenEntry {
  return new OpenEntry({
    facts: {
      ...{ tenantId: 'a', keyId: 'k', name: null, action: 'prompt.send', outcome: 'done', errorCode: null },
      ...{ sessionId: null, turnId: null, address: null, requestId: null, count: 1, details: {} },
    },
    nextPlace: () => ({ id: '1', at: 1 }),
    onSettled() {},
  })
}

test('the first transaction of a request takes its entry, and no other', () => {
  withAuditEntry(openEntry(), () => {
    expect(claimAuditEntry()?.record).toMatchObject({ tenantId: 'a', action: 'prompt.send' })
    expect(claimAuditEntry()).toBeUndefined()
  })
})

test('work of the server that a request has set off takes no entry', async () => {
  const entry = openEntry()
  await withAuditEntry(entry, async () => {
    await withoutAuditEntry(async () => {
      await Promise.resolve()
      expect(claimAuditEntry()).toBeUndefined()
    })
    expect(claimAuditEntry()).toBeDefined()
  })
})

test('a refused request leaves no entry to what it has set off', () => {
  const entry = openEntry()
  withAuditEntry(entry, () => {
    entry.abandon()
    expect(claimAuditEntry()).toBeUndefined()
  })
})
