import { afterAll, beforeAll, inject } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { describeStore } from '../suites/store-suite.ts'
import { createDatabase, truncateAll } from '../support/postgres/shared-server.ts'

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase(inject('postgresDirectory'))
})
afterAll(() => database.drop())

describeStore('on PostgreSQL', async () => ({
  store: await openPostgresStore({ url: database.url }),
  dispose: () => truncateAll(database.url),
}))
