import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import type { Store } from '../../src/sessions/ports/index.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { endsLater } from './lifetime.ts'
import { createDatabase } from './postgres/shared-server.ts'

const hourMs = 3_600_000

/** An empty database for several nodes, gone after the test. */
export async function sharedDatabase(): Promise<string> {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(() => database.drop())
  return database.url
}

/** The life of a node begins, with a lease of an hour. */
export async function beginLife(store: Store, id: string): Promise<void> {
  await store.nodes.join({ id, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] }, hourMs)
}

/** The store of one node of several; closed after the test. */
export async function openNodeStore(
  url: string,
  id: string = randomUUID(),
): Promise<{ id: string; store: Store }> {
  const store = await openPostgresStore({ url, nodeId: id })
  endsLater(() => store.close())
  await beginLife(store, id)
  return { id, store }
}
