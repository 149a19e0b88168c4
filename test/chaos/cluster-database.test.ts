import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, inject, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { expectAll } from '../support/cluster-invariants.ts'
import { RestlessNode } from '../support/cluster-nodes.ts'
import { listClaudes } from '../support/cluster-processes.ts'
import { ClusterStorm } from '../support/cluster-storm.ts'
import { watchCluster } from '../support/cluster-watch.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'
import { openTcpProxy } from '../support/tcp-proxy.ts'

const leaseMs = 3_000
const longMs = 1.5 * leaseMs
const seed = 3

/** A database with a proxy in front of it. */
async function openPath() {
  const { url, drop } = await createDatabase(inject('postgresDirectory'))
  endsLater(drop)
  const { hostname: host, port } = new URL(url)
  const proxy = await openTcpProxy({ host, port: Number(port) })
  endsLater(() => proxy.close())
  const path = new URL(url)
  path.port = String(proxy.port)
  return { url, path: path.href, proxy }
}

/** Two nodes that reach the database through the proxy. */
async function openNodes(lease: number) {
  const { url, path, proxy } = await openPath()
  const watch = await watchCluster(url)
  const model = await openModel()
  const home = temporaryDirectory()
  const shared = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), ...cheapStart }
  const start = (name: string) =>
    new RestlessNode(name, { database: { url: path }, home, shared, leaseMs: lease, env }).start()
  const [a, b] = [await start('a'), await start('b')]
  const turns = async () => (await watch.database.query('select id, status from claude_code_api.turns')).rows
  return { watch, proxy, model, a, b, turns }
}

describe('a database that is cut off', () => {
  test('for longer than the lease: processes are ended, nodes join again, nothing acknowledged is lost', async () => {
    const { url, path, proxy } = await openPath()
    const storm = await ClusterStorm.open({
      ...{ seed, leaseMs, longMs, nodeCount: 2 },
      database: { url, path },
    })
    const ids = await Promise.all([storm.begin(), storm.begin(), storm.begin()])
    const over = new AbortController()
    const driving = Promise.all(ids.map(id => storm.drive(id, over.signal)))
    await until(() => storm.claudes.length === ids.length && storm.acknowledged.length > 5)
    proxy.stop()
    await until(() => storm.claudes.length === 0)
    await pause(leaseMs)
    expect(storm.claudes).toEqual([])
    proxy.resume()
    const before = storm.acknowledged.length
    await until(() => storm.acknowledged.length > before + 5)
    over.abort()
    await driving
    await storm.settled()
    expectAll(await storm.check())
    expect(storm.nodes.flatMap(({ faults }) => faults)).toEqual([])
  })

  test('for less than the lease: nothing happens', async () => {
    const { watch, proxy, model, a, b, turns } = await openNodes(3 * leaseMs)
    const held = Promise.withResolvers<void>()
    endsLater(() => held.resolve())
    model.script('takes its time', text('at last', { holdUntil: held.promise }))
    const id = await a.createSession()
    await b.ask(id, 'this takes its time', { background: true })
    const processesOf = () => listClaudes().filter(({ session }) => session === id)
    await until(() => model.requests.some(({ kind }) => kind === 'prompt'))
    const processes = processesOf()
    proxy.stop()
    await pause(leaseMs)
    const asked = b.ask(id, 'hello', { background: true })
    held.resolve()
    proxy.resume()
    expect((await asked).status).toBe(202)
    await until(async () => (await turns()).every(({ status }) => status === 'completed'))
    expect(processesOf()).toEqual(processes)
    expect(await watch.claims()).toHaveLength(1)
  })
})

describe('a COMMIT whose answer is lost', () => {
  test('of a prompt: the turn is there once, and its caller gets one answer', async () => {
    // No lease is to be over here, also on a machine that stands still for seconds.
    const { proxy, a, b, turns } = await openNodes(3 * leaseMs)
    const id = await a.createSession()
    for (const [count, node] of [a, b].entries()) {
      const word = `swallowed-${count}`
      const dropped = proxy.swallow([word])
      const { body } = await node.ask(id, `remember ${word}`)
      expect(body).toMatchObject({ stopReason: 'end_turn' })
      // The database had stored it.
      expect(String(await dropped)).toContain('SELECT 1')
      expect(await turns()).toHaveLength(count + 1)
      expect(await turns()).toContainEqual({ id: body.turnId, status: 'completed' })
    }
  })

  test('of a claim: the session is claimed once', async () => {
    const { watch, proxy, a, b } = await openNodes(2 * leaseMs)
    const id = await a.createSession()
    a.cli.child.kill('SIGKILL')
    const dropped = proxy.swallow(['begin;', id, 'commit'])
    expect((await b.ask(id, 'hello')).body).toMatchObject({ stopReason: 'end_turn' })
    expect(String(await dropped)).toContain('COMMIT')
    expect((await watch.claims()).map(({ epoch }) => epoch)).toEqual([1, 2])
  })
})

test('kill -9 of a database with synchronous commits under load loses nothing acknowledged', async () => {
  const server = await startPostgres(['fsync = on', 'synchronous_commit = on'])
  endsLater(() => server.dispose())
  await (await openPostgresStore({ url: server.url })).close()
  const storm = await ClusterStorm.open({
    ...{ seed, leaseMs, longMs, nodeCount: 2 },
    database: { url: server.url, path: server.url },
  })
  const over = new AbortController()
  const driving = Promise.all(
    Array.from({ length: 3 }, async () => storm.drive(await storm.begin(), over.signal)),
  )
  for (let kills = 0; kills < 2; kills++) {
    const before = storm.acknowledged.length
    await until(() => storm.acknowledged.length > before + 4)
    await server.kill('SIGKILL')
    await server.start()
  }
  over.abort()
  await driving
  await storm.settled()
  expectAll(await storm.check())
  expect(storm.nodes.flatMap(({ faults }) => faults)).toEqual([])
})
