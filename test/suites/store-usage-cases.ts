import { expect, test } from 'vitest'
import type { ModelUsage, Usage } from '../../src/contract/turns.ts'
import type { SessionRecord, TurnRecord } from '../../src/sessions/records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, tenantId, turnRecord } from './store-records.ts'

const tokens = (factor: number): Usage => ({
  inputTokens: factor,
  outputTokens: 10 * factor,
  cacheReadInputTokens: 100 * factor,
  cacheCreationInputTokens: 1000 * factor,
})
const share = (model: string, factor: number, more: Partial<ModelUsage> = {}): ModelUsage => ({
  model,
  ...tokens(factor),
  costUsd: factor / 8,
  costComplete: true,
  webSearchRequests: 0,
  ...more,
})

/** What the port `UsageReader` promises. */
export function usageCases(context: StoreContext): void {
  const addTurn = (session: SessionRecord, fields: Partial<TurnRecord>) =>
    context.store.commit(
      changeOf(session, {
        insertTurn: turnRecord(session, { status: 'completed', startedAt: 1_000, endedAt: 3_000, ...fields }),
      }),
    )
  const sum = (session: SessionRecord, tenant = tenantId) =>
    context.store.usage.sumUsage(tenant, session.id, 10_000)
  const none = {
    turns: 0,
    activeMs: 0,
    tokens: tokens(0),
    withoutTokens: 0,
    costUsd: 0,
    withoutCost: 0,
    betweenTurns: { times: 0, activeMs: 0, tokens: tokens(0), costUsd: 0 },
    models: [],
  }

  test('is nothing where nothing has begun', async () => {
    const session = await context.addSession()
    expect(await sum(session)).toEqual(none)
    await addTurn(session, { status: 'cancelled', startedAt: null })
    expect(await sum(session)).toEqual(none)
  })

  test('adds up turns and models, and keeps what each turn had', async () => {
    const session = await context.addSession()
    const modelUsage = [share('small', 1, { webSearchRequests: 2 }), share('large', 4)]
    const insertTurn = turnRecord(session, {
      status: 'completed',
      startedAt: 1_000,
      endedAt: 3_000,
      usage: tokens(5),
      costUsd: 0.625,
      modelUsage,
    })
    await context.store.commit(changeOf(session, { insertTurn }))
    expect((await context.store.findTurn(tenantId, session.id, insertTurn.id))?.modelUsage).toEqual(
      modelUsage,
    )
    await addTurn(session, {
      startedAt: 5_000,
      endedAt: 5_500,
      usage: tokens(2),
      costUsd: 0.25,
      modelUsage: [share('small', 2)],
    })
    await addTurn(await context.addSession(), { usage: tokens(9), costUsd: 9, modelUsage: [share('x', 9)] })
    expect(await sum(session)).toEqual({
      turns: 2,
      activeMs: 2_500,
      tokens: tokens(7),
      withoutTokens: 0,
      costUsd: 0.875,
      withoutCost: 0,
      betweenTurns: none.betweenTurns,
      models: [share('large', 4), share('small', 3, { webSearchRequests: 2 })],
    })
    expect(await sum(session, 'tenant-b')).toEqual(none)
  })

  test('says of how many turns something is not known, and counts none of it as nothing', async () => {
    const session = await context.addSession()
    await addTurn(session, { status: 'running', endedAt: null })
    await addTurn(session, { status: 'lost', endedAt: 500 })
    await addTurn(session, {
      status: 'interrupted',
      usage: tokens(1),
      modelUsage: [share('m', 1, { costUsd: null, costComplete: false })],
    })
    expect(await sum(session)).toMatchObject({
      turns: 3,
      // The one that runs up to now; a clock that was set back takes nothing away.
      activeMs: 9_000 + 0 + 2_000,
      tokens: tokens(1),
      withoutTokens: 2,
      costUsd: 0,
      withoutCost: 3,
      models: [{ model: 'm', costUsd: null, costComplete: false }],
    })
    await addTurn(session, {
      usage: tokens(2),
      costUsd: 0.25,
      modelUsage: [share('m', 2), share('n', 0, { costComplete: false })],
    })
    expect(await sum(session)).toMatchObject({
      withoutTokens: 2,
      costUsd: 0.25,
      withoutCost: 4,
      models: [
        { model: 'm', inputTokens: 3, costUsd: 0.25, costComplete: false },
        { model: 'n', costUsd: 0, costComplete: false },
      ],
    })
  })

  test('counts what Claude has done by itself between turns, and says which part of the sums that is', async () => {
    const session = await context.addSession()
    await addTurn(session, { usage: tokens(5), costUsd: 0.625, modelUsage: [share('large', 5)] })
    const took = { usage: tokens(2), costUsd: 0.25, modelUsage: [share('small', 1), share('large', 1)] }
    const work = { startedAt: 4_000, endedAt: 4_500, ...took }
    await context.store.commit(changeOf(session, { addAutonomousWork: [work, { ...work, endedAt: 3_000 }] }))
    const other = await context.addSession()
    await context.store.commit(changeOf(other, { addAutonomousWork: [{ ...work, costUsd: 9 }] }))
    const sums = {
      turns: 1,
      activeMs: 2_500,
      tokens: tokens(9),
      withoutTokens: 0,
      costUsd: 1.125,
      withoutCost: 0,
      betweenTurns: { times: 2, activeMs: 500, tokens: tokens(4), costUsd: 0.5 },
      models: [share('large', 7), share('small', 2)],
    }
    expect(await sum(session)).toEqual(sums)
    expect(await sum(session, 'tenant-b')).toEqual(none)
    const unknown = { ...work, usage: null, costUsd: null, modelUsage: null }
    await context.store.commit(changeOf(session, { addAutonomousWork: [unknown] }))
    expect(await sum(session)).toEqual({
      ...sums,
      activeMs: 3_000,
      withoutTokens: 1,
      withoutCost: 1,
      betweenTurns: { ...sums.betweenTurns, times: 3, activeMs: 1_000 },
    })
  })
}
