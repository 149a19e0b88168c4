import { expect, test } from 'vitest'
import { Search } from '../../src/sessions/search/search.ts'
import { openStore } from '../../src/store/open-store.ts'
import { changeOf, sessionRecord, tenantId, turnRecord } from '../suites/store-records.ts'
import { countRounds } from '../support/count-rounds.ts'
import { endsLater } from '../support/lifetime.ts'
import { caller, temporaryDirectory } from '../support/open-sessions.ts'

test('one search in many long texts lets other work come in between', async () => {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  endsLater(() => store.close())
  const session = sessionRecord()
  await store.createSession(session, [], 1_000)
  const q = 'alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar'
  const prompt = `${'x '.repeat(32_000)}${q}`
  for (let count = 0; count < 20; count++) {
    await store.commit(changeOf(session, { insertTurn: turnRecord(session, { prompt }) }))
  }
  const endCounting = countRounds()
  const search = new Search({ store } as ConstructorParameters<typeof Search>[0])
  const query = { q, archived: 'all' as const, limit: 50 }
  const { hits } = await search.find({ ...caller, tenantId }, query as Parameters<Search['find']>[1])
  const rounds = endCounting()
  expect(hits).toHaveLength(20)
  expect(hits[0]?.matches).toHaveLength(15)
  expect(hits[0]?.snippet.length).toBeLessThan(245)
  expect(rounds).toBeGreaterThanOrEqual(20)
})
