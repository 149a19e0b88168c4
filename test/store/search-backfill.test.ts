import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTerms } from '../../src/sessions/search/search-terms.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { openStore } from '../../src/store/open-store.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'
import { temporaryDirectory } from './temporary-directory.ts'

test('a store from before the search is indexed when it is opened, without what was rewound', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const connection = openConnection(file)
  await migrate(
    connection.db,
    file,
    migrations.filter(({ name }) => name < '027-search'),
  )
  connection.execute(`insert into sessions (id, tenant_id, created_by, status, title, metadata, cwd, permission_mode,
    claude_session_id, conversation_started, created_at, last_activity_at, expires_at, last_sequence, message_count,
    turn_count, settings, secrets, transcript, rewound, remembered) values ('s', 't', 'k', 'active', 'fox title', '{}', '/', 'default', 's', 1, 1,
    9, 9, 4, 0, 2, '{}', '{}', 'complete', '[{"from":3,"to":4}]', '[]')`)
  for (const [id, last] of [
    ['a', 2],
    ['b', 4],
  ] as const) {
    connection.execute(`insert into turns (id, session_id, tenant_id, created_by, number, status, prompt, timeout_ms, response,
      created_at, ended_at, last_sequence, commands) values ('${id}', 's', 't', 'k', ${last}, 'completed', '"fox ${id}"', 0, 'fox answer ${id}', ${last}, ${last}, ${last}, 0)`)
  }
  connection.close()
  const store = await openStore({ file })
  const request = { tenantId: 't', sessionId: undefined, before: undefined, limit: 9 }
  const { found } = await store.search.search({ ...request, terms: readTerms('fox') })
  expect(found.map(({ text }) => text)).toEqual(['fox title', 'fox answer a', 'fox a'])
  expect(await store.findSession('t', 's')).toMatchObject({ title: 'fox title', titleSource: 'caller' })
  await store.close()
})
