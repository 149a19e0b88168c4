import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import { defaultTenantId } from '../../src/sessions/records.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../../test/suites/store-records.ts'
import { openCluster } from '../support/open-cluster.ts'
import { ms, printTable, printTarget } from '../support/report.ts'
import type { Scope } from '../support/scope.ts'

const targetMs = 1_000
const boundMs = 60_000
/** The start of the turns that the dead node ran. */
const startedAt = 7_777
const hourMs = 3_600_000

interface Claims {
  /** From the moment at which the node counts as dead. */
  claimedMs: number
  recoveredMs: number
}

/**
 * A node dies with a thousand sessions, each with a turn that runs and one that is queued. Others claim all of them, and
 * record the running turns as lost; Claude Code is a program that never answers, so that nothing else is measured.
 */
export async function measureClaims(scope: Scope, url: string): Promise<void> {
  const count = scope.quick ? 100 : 1_000
  const one = await measure(scope, { url, schema: 'one_survivor' }, ['a'], count)
  const three = await measure(scope, { url, schema: 'three_survivors' }, ['a', 'b', 'c'], count)
  printTable(
    [`${count} sessions with work of a dead node`, 'all claimed', 'all recovered'],
    [
      ['one node is left', ms(one.claimedMs), ms(one.recoveredMs)],
      ['three nodes are left, which look each second', ms(three.claimedMs), ms(three.recoveredMs)],
    ],
  )
  printTarget(`${count} sessions claimed`, ms(one.claimedMs), `< ${targetMs} ms`, one.claimedMs < targetMs)
}

async function measure(
  scope: Scope,
  database: { url: string; schema: string },
  names: string[],
  count: number,
): Promise<Claims> {
  const silent = join(scope.directory, 'never-answers')
  writeFileSync(silent, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 })
  const cluster = await openCluster(scope, {
    ...{ database, names, leaseMs: 3_000, modelUrl: 'http://127.0.0.1:1' },
    options: {
      claudeExecutable: silent,
      ...{ maxLiveProcesses: 1, keepSpareProcess: false, maxSessions: 2 * count, maxWaitingTurns: 2 * count },
    },
  })
  const life = await leaveSessions(database, cluster.shared, count)
  const found = await watch(cluster.db, database.schema, life)
  await cluster.close()
  return found
}

/** Makes the sessions as a node that then dies. @returns its life */
async function leaveSessions(
  database: { url: string; schema: string },
  directory: string,
  count: number,
): Promise<string> {
  const life = randomUUID()
  const store = await openPostgresStore({ ...database, nodeId: life })
  const node = { id: life, url: 'http://127.0.0.1:1', version: '1', slotsFree: 0, volumes: [directory] }
  await store.nodes.join(node, hourMs)
  const fence = { owner: life, epoch: 1 }
  await Promise.all(
    Array.from({ length: count }, async () => {
      const id = randomUUID()
      const expiresAt = Date.now() + hourMs
      const session = sessionRecord({
        ...{ id, tenantId: defaultTenantId, claudeSessionId: id, cwd: directory, expiresAt },
      })
      const placement = { fence, volume: directory }
      await store.createSession(session, [], count * 2, undefined, undefined, undefined, placement)
      const running = turnRecord(session, { status: 'running', startedAt })
      const queued = turnRecord(session, { createdAt: Date.now() })
      const events = [messageEvent('a prompt', running.id)]
      await store.commit({ ...changeOf(session, { insertTurn: running, events }), fence })
      await store.commit({ ...changeOf(session, { insertTurn: queued }), fence })
    }),
  )
  await store.nodes.renew(life, 1, 0)
  await store.close()
  return life
}

async function watch(db: pg.Client, schema: string, life: string): Promise<Claims> {
  const look = async () => {
    const { rows } = await db.query(
      `select (select state = 'dead' from ${schema}.nodes where id = $1) as dead,
        (select count(*)::int from ${schema}.sessions where owner = $1) as owned,
        (select count(*)::int from ${schema}.turns where status = 'running' and started_at = $2) as running`,
      [life, startedAt],
    )
    return rows[0] as { dead: boolean | null; owned: number; running: number }
  }
  const end = performance.now() + boundMs
  let dead: number | undefined
  let claimed: number | undefined
  while (performance.now() < end) {
    const state = await look()
    const now = performance.now()
    // A dead node that owns nothing any more is forgotten.
    if (state.dead !== false) dead ??= now
    if (dead !== undefined && state.owned === 0) claimed ??= now
    if (dead !== undefined && claimed !== undefined && state.running === 0)
      return { claimedMs: claimed - dead, recoveredMs: now - dead }
    await wait(10)
  }
  throw new Error(`not recovered within ${boundMs} ms: ${JSON.stringify(await look())}`)
}
