import { describe, expect, it } from 'vitest'
import { attachmentCases } from './store-attachment-cases.ts'
import { auditCases } from './store-audit-cases.ts'
import { describeBranches } from './store-branch-cases.ts'
import { claimCases } from './store-claim-cases.ts'
import { type OpenEmptyStore, useStore } from './store-context.ts'
import { feedCases } from './store-feed-cases.ts'
import { fileHistoryCases } from './store-file-history-cases.ts'
import { idempotencyCases } from './store-idempotency-cases.ts'
import { keyCases } from './store-key-cases.ts'
import { ledgerCases } from './store-ledger-cases.ts'
import { leftoverCases } from './store-leftover-cases.ts'
import { limitCases } from './store-limit-cases.ts'
import { nodeCases } from './store-node-cases.ts'
import { permissionCases } from './store-permission-cases.ts'
import { presetCases } from './store-preset-cases.ts'
import { pushCases } from './store-push-cases.ts'
import { describeReading } from './store-read-cases.ts'
import { changeOf, messageEvent, tenantId } from './store-records.ts'
import { retentionCases } from './store-retention-cases.ts'
import { searchCases } from './store-search-cases.ts'
import { sessionListCases } from './store-session-list-cases.ts'
import { spendingCases } from './store-spending-cases.ts'
import { taskCases } from './store-task-cases.ts'
import { textCases } from './store-text-cases.ts'
import { transcriptCases } from './store-transcript-cases.ts'
import { usageCases } from './store-usage-cases.ts'
import { webhookCases } from './store-webhook-cases.ts'
import { describeWriting } from './store-write-cases.ts'

/** What every body of the store has to do. */
export function describeStore(body: string, open: OpenEmptyStore): void {
  describe(`store: ${body}`, () => {
    const context = useStore(open)
    describeWriting(context)
    describeReading(context)
    describe('lists of sessions', () => sessionListCases(context))
    describe('search', () => searchCases(context))
    describe('branches', () => describeBranches(context))
    describe('transcripts', () => transcriptCases(() => context.store))
    describe('idempotency keys', () => idempotencyCases(context))
    describe('attachments', () => attachmentCases(context))
    describe('usage', () => usageCases(context))
    describe('usage ledger', () => ledgerCases(context))
    describe('spending', () => spendingCases(context))
    describe('file history', () => fileHistoryCases(context))
    describe('permissions', () => permissionCases(context))
    describe('keys', () => keyCases(context))
    describe('tasks', () => taskCases(context))
    describe('claims', () => claimCases(context))
    describe('shared limits', () => limitCases(context))
    describe('nodes that share it', () => nodeCases(context))
    describe('leftovers', () => leftoverCases(context))
    describe('webhooks', () => webhookCases(context))
    describe('presets', () => presetCases(context))
    describe('push', () => pushCases(context))
    describe('audit log', () => auditCases(context))
    describe('feed', () => feedCases(context))
    describe('retention', () => retentionCases(context))
    describe('stored texts', () => textCases(context))

    it('says that it can read and write, again and again', async () => {
      await context.store.check()
      await context.store.check()
    })

    it('finishes what was handed in before it closes, and refuses what comes later', async () => {
      const { store } = context
      const session = await context.addSession()
      let stored = 0
      const commits = Array.from({ length: 1_100 }, () =>
        store.commit(changeOf(session, { events: [messageEvent('a')] })).then(() => {
          stored++
        }),
      )
      const closing = store.close()
      expect(store.close()).toBe(closing)
      await expect(store.commit(changeOf(session))).rejects.toThrow('The store is closed')
      await closing
      expect(stored).toBe(1_100)
      await Promise.all(commits)
      await expect(store.findSession(tenantId, session.id)).rejects.toThrow('The store is closed')
      await expect(store.check()).rejects.toThrow('The store is closed')
      await store.close()
    })
  })
}
