import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { defaultTenantId } from '../../src/sessions/records.ts'
import type { Replacement } from '../fixtures/mutate.ts'
import { insist, readSession } from '../support/cluster-clients.ts'
import { oneWriter } from '../support/cluster-invariants.ts'
import {
  inTwoRoundTrips,
  replacing,
  stopsAt,
  withoutEpoch,
  withoutLastSequence,
  withoutWarden,
} from '../support/cluster-mutations.ts'
import { RestlessNode } from '../support/cluster-nodes.ts'
import { listClaudes } from '../support/cluster-processes.ts'
import { urlOf, watchCluster } from '../support/cluster-watch.ts'
import { endsLater } from '../support/lifetime.ts'
import { openNodeStore } from '../support/nodes.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'

/** Of a node that must not lose its lease on a busy machine before it is stopped, or at all. */
const leaseMs = 5_000
/** How long a fault may take to show. */
const quietMs = 2_000

/** Nodes of which the first one has other code. */
async function openNodes(count: 1 | 2, replacements: readonly Replacement[]) {
  const { url, drop } = await createDatabase(inject('postgresDirectory'))
  endsLater(drop)
  const watch = await watchCluster(url)
  const model = await openModel()
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), ...cheapStart }
  const start = (name: string, more: Record<string, string>) =>
    new RestlessNode(name, { database: { url }, home, shared, leaseMs, env: { ...env, ...more } }).start()
  const first = await start('a', replacing(replacements))
  const second = count === 2 ? await start('b', {}) : first
  /** A prompt whose answer waits until it is released. */
  const hold = (word: string) => {
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script(word, text('at last', { holdUntil: held.promise }))
    return held.resolve
  }
  const statusOf = async (turnId: string): Promise<string> => {
    const { rows } = await watch.database.query('select status from claude_code_api.turns where id = $1', [
      turnId,
    ])
    return rows[0]?.status
  }
  return { url, watch, model, first, second, hold, statusOf }
}

const submit = async (
  node: { ask: Awaited<ReturnType<typeof openNodes>>['first']['ask'] },
  id: string,
  prompt: string,
) => (await node.ask(id, prompt, { background: true })).body.turnId as string

describe('a session that another node has claimed while its owner lives', () => {
  async function writesOfOthers(replacements: readonly Replacement[]): Promise<number> {
    const { url, watch, first, hold, statusOf } = await openNodes(1, replacements)
    const release = hold('takes its time')
    const id = await first.createSession()
    const turnId = await submit(first, id, 'this takes its time')
    await until(async () => (await statusOf(turnId)) === 'running')
    const other = await openNodeStore(urlOf(url, 'other'))
    await watch.database.query('update claude_code_api.sessions set owner = null')
    expect(await other.store.claims.claimSession(defaultTenantId, id, other.id)).toMatchObject({ epoch: 2 })
    release()
    const isFenced = () => /claimed by another node/.test(first.cli.stdout() + first.cli.stderr())
    await until(async () => isFenced() || (await statusOf(turnId)) === 'completed')
    return oneWriter(await watch.writes()).faults.length
  }

  test('is not written by it', async () => {
    expect(await writesOfOthers([])).toBe(0)
  })

  test('is written by both without the predicate on owner and epoch', async () => {
    expect(await writesOfOthers(withoutEpoch)).toBeGreaterThan(0)
  })
})

describe('a node that stands still while its session has a process', () => {
  /** Whether the process of the first node lives when the second one has answered. */
  async function outlivesTakeOver(replacements: readonly Replacement[]): Promise<boolean> {
    const { model, first, second, hold, statusOf } = await openNodes(2, replacements)
    hold('works on')
    const id = await first.createSession()
    const lost = await submit(first, id, 'this works on')
    await until(async () => (await statusOf(lost)) === 'running')
    await until(() => model.requests.some(({ kind }) => kind === 'prompt'))
    const next = await submit(first, id, 'hello')
    const [before] = listClaudes().filter(({ session }) => session === id)
    expect(before).toBeDefined()
    first.cli.child.kill('SIGSTOP')
    await until(async () => (await statusOf(next)) === 'completed')
    expect(await statusOf(lost)).toBe('lost')
    expect(second.cli.child.exitCode).toBe(null)
    return listClaudes().some(({ marker }) => marker === before?.marker)
  }

  test('has lost it when another node takes over', async () => {
    expect(await outlivesTakeOver([])).toBe(false)
  })

  test('keeps it beside that of the new owner if the warden ends nothing', async () => {
    expect(await outlivesTakeOver(withoutWarden)).toBe(true)
  })
})

describe('a node that stops when the database has answered its write', () => {
  const word = 'stand-still'

  async function takeOver(replacements: readonly Replacement[]): Promise<'done' | 'blocked'> {
    const { watch, first, second, statusOf } = await openNodes(2, replacements)
    const id = await first.createSession()
    const key = { 'idempotency-key': 'one' }
    const asked = insist(
      { pick: () => second, attemptMs: 120_000, onRetry() {} },
      ...(['POST', `/sessions/${id}/messages`, { prompt: `please ${word}`, background: true }, key] as const),
    )
    const isBlocked = async () => {
      const { rows } = await watch.database.query(stuck)
      return rows.length > 0
    }
    let turnId: string | undefined
    const answered = asked.then(({ body }) => {
      turnId = body.turnId
    })
    await until(
      async () => (turnId !== undefined && (await statusOf(turnId)) === 'lost') || (await isBlocked()),
    )
    const outcome = turnId === undefined ? 'blocked' : 'done'
    first.cli.child.kill('SIGCONT')
    await answered
    return outcome
  }

  /** Take-overs that wait for a transaction of a node whose lease has been over for as long as it was. */
  const stuck = `select 1 from pg_stat_activity waiting, pg_stat_activity holding, claude_code_api.nodes
    where holding.pid = any(pg_blocking_pids(waiting.pid)) and holding.state = 'idle in transaction'
      and nodes.state <> 'dead' and nodes.lease_until + ${leaseMs} < extract(epoch from clock_timestamp()) * 1000`

  test('is replaced', async () => {
    expect(await takeOver([stopsAt(word)])).toBe('done')
  })

  test('blocks the others for ever if it writes in two round trips', async () => {
    expect(await takeOver(inTwoRoundTrips(word))).toBe('blocked')
  })
})

describe('a database that has gone back behind what was written', () => {
  async function faultsOfReaders(replacements: readonly Replacement[]): Promise<string[]> {
    const { watch, first } = await openNodes(1, replacements)
    const id = await first.createSession()
    const leaving = new AbortController()
    const { reader, over } = readSession(
      () => first,
      id,
      () => 600_000,
      leaving.signal,
    )
    endsLater(() => leaving.abort())
    expect((await first.ask(id, 'hello')).status).toBe(200)
    await until(() => reader.frames.at(-1)?.event === 'turn.completed')
    const { sequence } = reader.frames.at(-1) ?? { sequence: 0 }
    // As after a failover to a standby that had not got the last commit.
    await watch.database.query('delete from claude_code_api.events where sequence = $1', [sequence])
    await watch.database.query('update claude_code_api.sessions set last_sequence = $1', [sequence - 1])
    await first.ask(id, 'hello again')
    await pause(quietMs)
    leaving.abort()
    await over
    const { rows } = await watch.database.query(
      'select type from claude_code_api.events where sequence = $1',
      [sequence],
    )
    const repeated = rows
      .filter(({ type }) => type !== 'turn.completed')
      .map(({ type }) => `${type} ${sequence}`)
    return [...repeated, ...reader.faults.map(({ got, expected }) => `${got} instead of ${expected}`)]
  }

  test('is not appended to', async () => {
    expect(await faultsOfReaders([])).toEqual([])
  })

  test('gives a sequence twice without the check of the last sequence', async () => {
    expect(await faultsOfReaders(withoutLastSequence)).not.toEqual([])
  })
})
