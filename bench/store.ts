import { join } from 'node:path'
import pg from 'pg'
import type { Change, Store } from '../src/sessions/ports/index.ts'
import { applyWrite } from '../src/store/apply-write.ts'
import { openStore } from '../src/store/open-store.ts'
import { toClientConfig } from '../src/store/postgres/driver.ts'
import { openPostgresStore } from '../src/store/postgres/open-postgres.ts'
import { complete } from '../src/store/postgres/transactions.ts'
import { toWrite } from '../src/store/write.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../test/suites/store-records.ts'
import { startPostgres } from '../test/support/postgres/postgres-server.ts'
import { median, print, printTable, printTarget, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'

const waiting = [1, 16, 256, 1_000]
const targetFactor = 10
const schema = 'bench'

type Commit = (changes: Change[]) => Promise<unknown>

/**
 * Changes a second that become durable, by how many wait at once: each sets a turn and appends two events, to as many
 * sessions. fsync is on everywhere. The baseline is what a port of the file's group commit would do: one connection,
 * one transaction, a savepoint for each change.
 */
export const store: Bench = async ({ quick, directory, onEnd }) => {
  const server = await startPostgres(['fsync = on', 'synchronous_commit = on', 'max_wal_size = 4GB'])
  onEnd(() => server.dispose())

  const file = await openStore({ file: join(directory, 'store.db') })
  onEnd(() => file.close())
  const database = await openPostgresStore({ url: server.url, schema })
  onEnd(() => database.close())
  const savepoints = await openSavepoints(server.url)
  onEnd(() => savepoints.close())

  const inFile = await fill(file)
  const inDatabase = await fill(database)
  // Sessions of its own: the store would notice that somebody else appends to its logs.
  const inSavepoints = await fill(database)
  const each = (body: Store) => (changes: Change[]) => Promise.all(changes.map(change => body.commit(change)))
  const bodies: [name: string, commit: Commit, changes: (count: number) => Change[]][] = [
    ['file', each(file), inFile],
    ['PostgreSQL', each(database), inDatabase],
    ['savepoints on one connection', savepoints.commit, inSavepoints],
  ]
  const rates = new Map(bodies.map(([name]) => [name, waiting.map(() => [] as number[])]))
  // In turns, so that what else the machine does meets all of them alike.
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    for (const [index, count] of waiting.entries()) {
      for (const [name, commit, changes] of bodies) {
        const repeats = Math.max(1, Math.ceil((quick ? 50 : 250) / count))
        const prepared = Array.from({ length: repeats }, () => changes(count))
        const begun = performance.now()
        for (const batch of prepared) await commit(batch)
        rates.get(name)?.[index]?.push((count * repeats * 1_000) / (performance.now() - begun))
      }
    }
  }
  const found = (name: string, index: number) => median(rates.get(name)?.[index] ?? [])
  print('Changes a second (median), fsync on:')
  printTable(
    ['waiting', ...bodies.map(([name]) => name)],
    waiting.map((count, index) => [count, ...bodies.map(([name]) => Math.round(found(name, index)))]),
  )
  const last = waiting.length - 1
  const factor = found('PostgreSQL', last) / found('savepoints on one connection', last)
  const what = `PostgreSQL against savepoints at ${waiting[last]} waiting`
  printTarget(what, times(factor), `at least ${times(targetFactor)}`, factor >= targetFactor)
}

/** Makes sessions with a running turn each. @returns changes to as many of them as are asked for */
async function fill(body: Store): Promise<(count: number) => Change[]> {
  const pairs = Array.from({ length: Math.max(...waiting) }, () => {
    const session = sessionRecord()
    return { session, turn: turnRecord(session, { status: 'running' }) }
  })
  await Promise.all(pairs.map(({ session }) => body.createSession(session, [], 1_000_000)))
  await Promise.all(pairs.map(({ session, turn }) => body.commit(changeOf(session, { insertTurn: turn }))))
  let round = 0
  return count => {
    round++
    return pairs.slice(0, count).map(({ session, turn }) =>
      changeOf(session, {
        updateTurn: { id: turn.id, response: `answer ${round}`, costUsd: round },
        events: [messageEvent(`a message ${round}`, turn.id), messageEvent('another one', turn.id)],
      }),
    )
  }
}

async function openSavepoints(url: string): Promise<{ commit: Commit; close(): Promise<void> }> {
  const client = new pg.Client(toClientConfig(pg, url, schema))
  await client.connect()
  return {
    async commit(changes) {
      await client.query('begin')
      for (const change of changes) {
        await client.query('savepoint change')
        await complete(client, applyWrite(toWrite(change)))
        await client.query('release change')
      }
      await client.query('commit')
    },
    close: () => client.end(),
  }
}
