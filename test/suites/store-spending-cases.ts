import { expect, it } from 'vitest'
import type { TurnRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId, turnRecord } from './store-records.ts'

/** What the port `SpendingReader` promises. */
export function spendingCases(context: StoreContext): void {
  async function spent(turns: Partial<TurnRecord>[]): Promise<number> {
    const session = await context.addSession()
    const other = await context.addSession()
    const ended = { status: 'completed', startedAt: 1, endedAt: 2 } as const
    for (const turn of turns) {
      const insertTurn = turnRecord(session, { ...ended, ...turn })
      await context.store.commit(changeOf(session, { insertTurn }))
    }
    const dear = turnRecord(other, { ...ended, costUsd: 100 })
    await context.store.commit(changeOf(other, { insertTurn: dear }))
    expect(await context.store.spending.sumSpending('another tenant', session.id)).toBe(0)
    return context.store.spending.sumSpending(tenantId, session.id)
  }

  it('is nothing before the first turn, and the sum of the turns after it', async () => {
    expect(await spent([])).toBe(0)
    expect(await spent([{ costUsd: 0.25 }, { costUsd: 0.5, status: 'failed' }])).toBe(0.75)
  })

  it('does not count turns that wait, run, or never reached the model', async () => {
    const waiting = { status: 'queued', startedAt: null, endedAt: null, costUsd: null } as const
    const running = { status: 'running', endedAt: null, costUsd: null } as const
    const refused = { status: 'failed', costUsd: null, messageId: null } as const
    expect(await spent([{ costUsd: 0.25 }, refused, running, waiting])).toBe(0.25)
  })

  it('counts a turn of unknown cost as much as the dearest one', async () => {
    const died = { status: 'failed', costUsd: null, messageId: 'msg_1' } as const
    const lost = { status: 'lost', costUsd: null, messageId: null } as const
    expect(await spent([{ costUsd: 0.25 }, { costUsd: 0.5 }, died, lost])).toBe(1.75)
    expect(await spent([died])).toBe(0)
  })

  it('counts what is not known of a turn beside what is: a process of it was lost', async () => {
    const tokens = { inputTokens: 1, outputTokens: 1, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    const model = { model: 'm', ...tokens, costUsd: 0.25, webSearchRequests: 0 }
    const known = { costUsd: 0.25, usage: tokens, modelUsage: [{ ...model, costComplete: true }] }
    const half = { ...known, modelUsage: [{ ...model, costComplete: false }] }
    const lost = { ...half, status: 'lost' } as const
    const waits = { ...known, status: 'requires_action', endedAt: null } as const
    expect(await spent([known, { costUsd: 0.5 }])).toBe(0.75)
    expect(await spent([half, lost, { costUsd: 0.5 }])).toBe(2)
    expect(await spent([known, waits])).toBe(0.5)
  })

  it('counts what Claude has done by itself, and as the dearest what is known only in part', async () => {
    const session = await context.addSession()
    const insertTurn = turnRecord(session, { status: 'completed', startedAt: 1, endedAt: 2, costUsd: 0.5 })
    const nothing = { inputTokens: 1, outputTokens: 1, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    const work = { startedAt: 3, endedAt: 4, usage: nothing, costUsd: 0.25, modelUsage: null }
    const seen = { ...work, costUsd: null }
    const unseen = { ...seen, usage: null }
    const addAutonomousWork = [work, seen, unseen]
    await context.store.commit(changeOf(session, { insertTurn, addAutonomousWork }))
    expect(await context.store.spending.sumSpending(tenantId, session.id)).toBe(1.25)
    expect(await context.store.spending.sumSpending('another tenant', session.id)).toBe(0)
  })
}
