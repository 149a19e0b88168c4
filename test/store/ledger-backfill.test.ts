import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { ModelUsage } from '../../src/contract/turns.ts'
import type { Store, UsageShare } from '../../src/sessions/ports/index.ts'
import { entriesOfProgress, entriesOfTurn, entriesOfWork } from '../../src/sessions/turns/usage-entries.ts'
import { openStore } from '../../src/store/open-store.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'
import { changeOf, sessionRecord, tenantId, turnRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'

const removal = [
  'drop table usage_days',
  'drop table usage_sessions',
  'drop index turns_accepted',
  'drop index sessions_active_key',
  "delete from schema_migrations where name = '026-usage-ledger'",
]
const share = (model: string, tokens: number, more: Partial<ModelUsage> = {}): ModelUsage => ({
  model,
  inputTokens: tokens,
  outputTokens: 2 * tokens,
  cacheReadInputTokens: 3 * tokens,
  cacheCreationInputTokens: 4 * tokens,
  costUsd: tokens / 1000,
  costComplete: true,
  webSearchRequests: 1,
  ...more,
})
const sumOf = (...models: ModelUsage[]): UsageShare => {
  const sum = (name: 'inputTokens' | 'outputTokens' | 'cacheReadInputTokens' | 'cacheCreationInputTokens') =>
    models.reduce((total, model) => total + model[name], 0)
  return {
    usage: {
      inputTokens: sum('inputTokens'),
      outputTokens: sum('outputTokens'),
      cacheReadInputTokens: sum('cacheReadInputTokens'),
      cacheCreationInputTokens: sum('cacheCreationInputTokens'),
    },
    costUsd: models.reduce((total, { costUsd }) => total + (costUsd ?? 0), 0),
    modelUsage: models,
  }
}
const unknown: UsageShare = { usage: null, costUsd: null, modelUsage: null }
const at = (day: string) => Date.parse(`${day}T12:00:00Z`)

/** Turns and work of all kinds, with their entries in the ledger. */
async function fill(store: Store): Promise<void> {
  const shares: [status: 'completed' | 'lost', share: UsageShare][] = [
    ['completed', sumOf(share('large', 5), share('small', 1))],
    ['completed', { ...sumOf(share('large', 7)), modelUsage: null }],
    ['completed', sumOf(share('large', 3, { costUsd: null, costComplete: false }))],
    ['lost', unknown],
  ]
  const sessions = [sessionRecord(), sessionRecord({ createdBy: 'key-2', tenantId: 'tenant-b' })]
  for (const [index, session] of sessions.entries()) {
    await store.createSession(session, [], 100)
    for (const [place, [status, used]] of shares.entries()) {
      const endedAt = at(`2026-01-0${place + 1}`)
      const insertTurn = turnRecord(session, {
        createdBy: `key-${index + 1}`,
        status,
        startedAt: endedAt - 2_000,
        endedAt,
        durationMs: place === 0 ? 1_500 : null,
        ...used,
      })
      const ended = { at: endedAt, activeMs: place === 0 ? 1_500 : 2_000 }
      const usage = entriesOfTurn(insertTurn.createdBy, used, unknown, ended)
      await store.commit(changeOf(session, { insertTurn, usage }))
    }
    const work = { startedAt: at('2026-01-05') - 300, endedAt: at('2026-01-05'), ...sumOf(share('small', 2)) }
    const usage = entriesOfWork(session.createdBy, work, work.endedAt)
    await store.commit(changeOf(session, { addAutonomousWork: [work], usage }))
  }
  const [session = sessionRecord()] = sessions
  const startedAt = at('2026-01-06')
  const used = sumOf(share('large', 9))
  const insertTurn = turnRecord(session, { status: 'requires_action', startedAt, ...used })
  const progress = entriesOfProgress(insertTurn.createdBy, used, unknown, startedAt)
  await store.commit(changeOf(session, { insertTurn, usage: progress }))
  await store.commit(changeOf(session, { insertTurn: turnRecord(session) }))
}

async function listAll(store: Store) {
  const query = { keyId: undefined, from: '2026-01-01', to: '2026-12-31', limit: 1_000, after: undefined }
  const of = (groupBy: ('day' | 'key' | 'session' | 'model')[], tenant?: string) =>
    store.ledger.listUsage({ ...query, tenantId: tenant, groupBy })
  return [
    await of(['day']),
    await of(['day', 'key', 'model']),
    await of(['session', 'day', 'key', 'model']),
    await of(['key'], tenantId),
    await store.ledger.sumSpent(tenantId, 'key-1', '2026-01-06'),
  ]
}

async function expectSameAfter(open: () => Promise<Store>, remove: () => Promise<void>): Promise<void> {
  const store = await open()
  await fill(store)
  const written = await listAll(store)
  expect(written[0]).toHaveLength(6)
  await store.close()
  await remove()
  const migrated = await open()
  expect(await listAll(migrated)).toEqual(written)
  await migrated.close()
}

test('a migration gives SQLite the ledger that its turns would have written', async () => {
  const file = join(temporaryDirectory(), 'store.db')
  await expectSameAfter(
    () => openStore({ file }),
    async () => {
      const connection = openConnection(file)
      for (const statement of removal) connection.execute(statement)
      connection.close()
    },
  )
})

test('a migration gives PostgreSQL the ledger that its turns would have written', async () => {
  const database = await createDatabase(inject('postgresDirectory'))
  onTestFinished(() => database.drop())
  await expectSameAfter(
    () => openPostgresStore({ url: database.url }),
    async () => {
      const options = '-c search_path=claude_code_api'
      const client = new pg.Client({ connectionString: database.url, options })
      await client.connect()
      for (const statement of removal) await client.query(statement)
      await client.end()
    },
  )
})
