import { describe, expect, test } from 'vitest'
import { usageReportQuery } from '../../src/contract/usage.ts'
import type { Caller } from '../../src/sessions/records.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'

const queryOf = (groupBy: string, more: Record<string, string> = {}) =>
  usageReportQuery.parse({ groupBy, ...more })
const admin: Caller = { ...caller, isOperator: true }
const other: Caller = { ...caller, keyId: 'other' }

type Sessions = Awaited<ReturnType<typeof openSessions>>['sessions']

/** The groups without what is nothing. */
async function brief(sessions: Sessions, groupBy: string, by: Caller = caller) {
  const { groups } = await sessions.usage.report(by, queryOf(groupBy))
  return groups.map(({ values, ...sums }) => [
    ...values,
    Object.fromEntries(Object.entries(sums).filter(([name, sum]) => sum !== 0 && name !== 'activeMs')),
  ])
}

/** A report by session says what the usage of each session says. */
async function expectSameSums(sessions: Sessions, ids: string[]): Promise<void> {
  const { groups } = await sessions.usage.report(caller, queryOf('session'))
  for (const id of ids) {
    const sums = await sessions.usage.get(caller, id)
    const group = groups.find(({ values }) => values[0] === id)
    const { cacheReadInputTokens, cacheCreationInputTokens, inputTokens, outputTokens } = group ?? {}
    expect({
      turns: group?.turns,
      tokens: { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens },
      costUsd: (group?.microUsd ?? 0) / 1e6,
      withoutTokens: group?.withoutTokens,
      withoutCost: group?.withoutCost,
      times: group?.autonomousWork,
    }).toEqual({
      turns: sums.turns,
      tokens: sums.tokens,
      costUsd: sums.costUsd,
      withoutTokens: sums.withoutTokens,
      withoutCost: sums.withoutCost,
      times: sums.betweenTurns.times,
    })
  }
}

describe('the ledger of usage', () => {
  test('has each turn that has ended, for the key that sent it', async () => {
    const { sessions, ask } = await openSessions()
    const { session } = await sessions.create(caller, plain)
    await ask(session.id, 'one')
    await ask(session.id, 'die')
    const { turn } = await sessions.submit(other, session.id, promptOf('two'))
    await sessions.whenTurnEnded(caller, session.id, turn.id, new AbortController().signal)
    expect(await brief(sessions, 'key')).toEqual([
      ['other', { turns: 1, inputTokens: 1, outputTokens: 1, microUsd: 10_000 }],
      [
        'test',
        { turns: 2, inputTokens: 1, outputTokens: 1, microUsd: 10_000, withoutTokens: 1, withoutCost: 1 },
      ],
    ])
    await expectSameSums(sessions, [session.id])
  })

  test('has nothing of turns that never ran', async () => {
    const { sessions } = await openSessions({ maxLiveProcesses: 1 })
    const ids = [
      (await sessions.create(caller, plain)).session.id,
      (await sessions.create(caller, plain)).session.id,
    ] as const
    await sessions.submit(caller, ids[0], promptOf('hang'))
    await sessions.submit(caller, ids[1], promptOf('waits'))
    await sessions.interrupt(caller, ids[1], { clearQueue: true })
    expect(await brief(sessions, 'session')).toEqual([])
    await sessions.interrupt(caller, ids[0], { clearQueue: true })
    expect(await brief(sessions, 'session')).toMatchObject([[ids[0], { turns: 1 }]])
  })

  test('has autonomous work for the key of the last turn', async () => {
    const { sessions, launcher, ended } = await openSessions()
    const { session } = await sessions.create(caller, plain)
    await sessions.submit(other, session.id, promptOf('task'))
    await until(() => ended.length === 1)
    const [agent] = launcher.agents
    agent?.beginAutonomousWork('more')
    const usage = { inputTokens: 5, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    agent?.endAutonomousWork({ usage, costUsd: 0.5 })
    await until(async () => (await sessions.usage.get(caller, session.id)).betweenTurns.times === 1)
    expect(await brief(sessions, 'key')).toEqual([
      ['other', { turns: 1, autonomousWork: 1, inputTokens: 6, outputTokens: 1, microUsd: 510_000 }],
    ])
    await expectSameSums(sessions, [session.id])
  })

  test('keeps what a turn had used before the server was killed, and counts it once', async () => {
    const file = `${temporaryDirectory()}/store.db`
    const first = await openSessions({ file })
    const { session } = await first.sessions.create(caller, plain)
    await first.sessions.submit(caller, session.id, promptOf('hang'))
    await until(() => [...first.launcher.agents].some(({ running }) => running))
    const [agent] = first.launcher.agents
    const used = { inputTokens: 7, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    const share = { ...used, model: 'm', costUsd: 0.25, costComplete: true, webSearchRequests: 0 }
    agent?.tellFigures({ usage: used, costUsd: 0.25, modelUsage: [share] })
    await until(async () => (await brief(first.sessions, 'model')).length > 0)
    expect(await brief(first.sessions, 'model')).toEqual([['m', { inputTokens: 7, microUsd: 250_000 }]])
    // Nothing of the turn is written any more.
    await first.store.close()
    const second = await openSessions({ file })
    expect(await brief(second.sessions, 'day')).toMatchObject([
      [expect.any(String), { turns: 1, inputTokens: 7, microUsd: 250_000, withoutCost: expect.any(Number) }],
    ])
    expect(await brief(second.sessions, 'model')).toMatchObject([['m', { microUsd: 250_000 }]])
  })

  test('a report is of a tenant, for those who administer the server of all', async () => {
    const { sessions } = await openSessions()
    const foreign: Caller = { ...caller, tenantId: 'other' }
    for (const by of [caller, foreign]) {
      const { session } = await sessions.create(by, plain)
      const { ended } = await sessions.submit(by, session.id, promptOf('one'))
      await ended
    }
    expect(await brief(sessions, 'tenant')).toMatchObject([['default', { turns: 1 }]])
    expect(await brief(sessions, 'tenant', admin)).toMatchObject([
      ['default', { turns: 1 }],
      ['other', { turns: 1 }],
    ])
    const named = await sessions.usage.report(
      { ...admin, tenantId: 'other' },
      queryOf('tenant', { tenant: 'other' }),
    )
    expect(named.groups.map(({ values }) => values)).toEqual([['other']])
  })

  test('a report has bounds, and pages', async () => {
    const { sessions, ask } = await openSessions()
    const ids = []
    for (let count = 0; count < 3; count++) {
      const { session } = await sessions.create(caller, plain)
      ids.push(session.id)
      await ask(session.id, 'one')
    }
    const found: (string | undefined)[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await sessions.usage.report(
        caller,
        queryOf('session', { limit: '1', ...(cursor && { cursor }) }),
      )
      found.push(...page.groups.map(({ values }) => values[0]))
      cursor = page.nextCursor
    }
    expect(found).toEqual(ids.toSorted())
    const refused = (query: Record<string, string>, groupBy = 'day') =>
      expect(sessions.usage.report(caller, queryOf(groupBy, query))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        details: { issues: [{ path: 'cursor' in query ? 'cursor' : 'from' }] },
      })
    await refused({ cursor: 'x' })
    await refused({ from: '2026-02-01', to: '2026-01-01' })
    await refused({ from: '2025-01-01', to: '2026-01-02' })
    await refused({ from: '2026-01-01', to: '2026-02-01' }, 'session')
  })
})
