import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { Fence, Store } from '../../src/sessions/ports/index.ts'
import { SessionFenced, type SessionRecord } from '../../src/sessions/records.ts'
import type { Migration } from '../../src/store/migration.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { loadDriver, type Pool, toClientConfig } from '../../src/store/postgres/driver.ts'
import { shareAsNode } from '../../src/store/postgres/lease.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { createDatabase, onServer } from '../support/postgres/shared-server.ts'

let url: string
beforeEach(async () => {
  const database = await createDatabase(inject('postgresDirectory'))
  url = database.url
  return () => database.drop()
})

const longMs = 3_600_000

interface Node {
  id: string
  store: Store
}

/** The store of one node of several; its life begins with a lease of an hour. */
async function openNode(leaseMs = longMs): Promise<Node> {
  const id = randomUUID()
  const store = await openPostgresStore({ url, nodeId: id })
  onTestFinished(() => store.close())
  await store.nodes.join({ id, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] }, leaseMs)
  return { id, store }
}

async function claim({ id, store }: Node, session: SessionRecord): Promise<Fence> {
  const fence = await store.claims.claimSession(session.tenantId, session.id, id)
  if (!fence) throw new Error('the session is somebody else’s')
  return fence
}

const write = ({ store }: Node, session: SessionRecord, fence: Fence, text: string) =>
  store.commit({ ...changeOf(session, { events: [messageEvent(text)] }), fence })

describe('nodes that share a database', () => {
  it('write at once, each to its sessions; all events have one order without holes', async () => {
    const nodes = await Promise.all([openNode(), openNode(), openNode()])
    const sessions = Array.from({ length: 12 }, () => sessionRecord())
    const written = await Promise.all(
      sessions.map(async (session, index) => {
        const node = nodes[index % nodes.length] as Node
        await node.store.createSession(session, [], 100)
        const fence = await claim(node, session)
        const events = []
        for (let count = 0; count < 20; count++)
          events.push(...(await write(node, session, fence, `${count}`)))
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, place) => place + 1))
        return events
      }),
    )
    const positions = written.flat().map(({ position }) => position)
    expect(positions.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      positions.map((_, place) => place + 1),
    )
  })

  it('a session goes on at the next owner where its log ends, and back again', async () => {
    const [one, other] = [await openNode(), await openNode()]
    const session = sessionRecord()
    await one.store.createSession(session, [], 100)
    let sequence = 0
    for (const node of [one, other, one, other] as Node[]) {
      const fence = await claim(node, session)
      for (const text of ['a', 'b']) {
        expect(await write(node, session, fence, text)).toMatchObject([{ sequence: ++sequence }])
      }
      await node.store.claims.releaseSession(session.id, fence)
    }
  })

  it('a dead node writes nothing any more: no event, no row, no claim', async () => {
    const [lost, heir] = [await openNode(1), await openNode()]
    const session = sessionRecord()
    await heir.store.createSession(session, [], 100)
    const late = await claim(lost, session)
    await expect.poll(() => heir.store.nodes.buryExpired(), { timeout: 60_000 }).toEqual([lost.id])
    const gone = { code: 'STORE_UNAVAILABLE' }
    await expect(write(lost, session, late, 'late')).rejects.toMatchObject(gone)
    await expect(lost.store.processes.forgetProcess('x')).rejects.toMatchObject(gone)
    await expect(lost.store.claims.releaseSession(session.id, late)).rejects.toMatchObject(gone)
    expect(await lost.store.nodes.renew(lost.id, longMs, 1)).toBe(false)
    const fence = await claim(heir, session)
    expect(fence.epoch).toBe(late.epoch + 1)
    expect(await write(heir, session, fence, 'goes on')).toMatchObject([{ sequence: 1 }])
  })

  it('an owner whose session was claimed is fenced, and its other sessions go on', async () => {
    const [one, other] = [await openNode(), await openNode()]
    const [moved, kept] = [sessionRecord(), sessionRecord()]
    for (const session of [moved, kept]) await one.store.createSession(session, [], 100)
    const [ofMoved, ofKept] = [await claim(one, moved), await claim(one, kept)]
    await one.store.claims.releaseSession(moved.id, ofMoved)
    await claim(other, moved)
    await expect(write(one, moved, ofMoved, 'late')).rejects.toThrow(SessionFenced)
    expect(await write(one, kept, ofKept, 'goes on')).toMatchObject([{ sequence: 1 }])
  })
})

describe('nodes that create sessions at once', () => {
  /** So many from each of three nodes, all at the same time. */
  async function createMany(each: number, create: (node: Node) => ReturnType<Store['createSession']>) {
    const nodes = [await openNode(), await openNode(), await openNode()]
    const made = await Promise.all(nodes.flatMap(node => Array.from({ length: each }, () => create(node))))
    return Map.groupBy(made, result => (result.created ? 'created' : (result.level ?? 'all')))
  }

  it('never have more than the limit of the store', async () => {
    const made = await createMany(30, ({ store }) => store.createSession(sessionRecord(), [], 10))
    expect(made.get('created')).toHaveLength(10)
    expect(made.get('all')).toHaveLength(80)
    for (const result of made.get('all') ?? []) expect(result).toEqual({ created: false, active: 10 })
  })

  it.each(['key', 'tenant'] as const)('never have more than a %s may have', async level => {
    const made = await createMany(30, ({ store }) =>
      store.createSession(sessionRecord(), [], { total: 1_000, [level]: 7 }),
    )
    expect(made.get('created')).toHaveLength(7)
    expect(made.get(level)).toHaveLength(83)
  })
})

describe('a server that has the database for itself', () => {
  it('is refused while a node lives, and keeps nodes out while it lives itself', async () => {
    // It is renewed in its time also on a busy machine.
    const leaseMs = 9_000
    const node = await openNode(leaseMs)
    const renewing = setInterval(() => node.store.nodes.renew(node.id, leaseMs, 1).catch(() => {}), 300)
    onTestFinished(() => clearInterval(renewing))
    await expect(openPostgresStore({ url })).rejects.toMatchObject({ reason: 'locked' })
    clearInterval(renewing)
    await node.store.nodes.leave(node.id)
    const alone = await openPostgresStore({ url })
    onTestFinished(() => alone.close())
    await expect(openPostgresStore({ url, nodeId: randomUUID() })).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining(`process ${process.pid} on `),
    })
    await alone.close()
    await openNode()
  })
})

describe('a server of a version that knows no nodes', () => {
  const takeLease = () =>
    onServer(url, client =>
      client.query(
        `set search_path = claude_code_api;
        insert into store_lease (owner, holder, expires_at) values ('old', 'an old one', clock_timestamp() + interval '1 hour')`,
      ),
    )

  it('does not get the lease while nodes live, and is told which', async () => {
    const node = await openNode()
    await expect(takeLease()).rejects.toThrow('these nodes are running: http://127.0.0.1:1')
    const session = sessionRecord()
    await node.store.createSession(session, [], 100)
    expect(await write(node, session, await claim(node, session), 'goes on')).toMatchObject([{ sequence: 1 }])
    await node.store.nodes.leave(node.id)
    await takeLease()
    await expect(openNode()).rejects.toMatchObject({ reason: 'locked' })
  })

  it('that was stopped for longer than its lease does not get it back once a node has begun', async () => {
    await takeLease()
    await onServer(url, async client => {
      const set = (expiry: string) =>
        client.query(
          `update claude_code_api.store_lease set expires_at = clock_timestamp() + interval '${expiry}'`,
        )
      await set('-1 second')
      await openNode()
      expect((await set('1 hour')).rowCount).toBe(0)
    })
  })
})

describe('a transaction of a node', () => {
  /** A transaction in the middle, as `Transactions` begins each. */
  async function beginAs(node: Node, silentMs = longMs) {
    const driver = await loadDriver('')
    const client = new driver.Client(toClientConfig(driver, url, 'claude_code_api', silentMs))
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.end().catch(() => undefined))
    const { guard } = await shareAsNode(client as unknown as Pool, '', node.id)
    // What the database does to a silent transaction can come together with its beginning.
    const ended = once(client, 'error')
    const { rows } = await client.query('show tcp_user_timeout')
    await client.query(`begin; ${guard}`)
    return { client, ended, tcpTimeout: rows }
  }

  it('keeps the node from being buried until it is over, and not from renewing its lease', async () => {
    const [one, other] = [await openNode(1), await openNode()]
    const { client } = await beginAs(one)
    let isOver = false
    const burying = other.store.nodes.buryExpired().then(ids => [ids, isOver])
    await onServer(url, async observer => {
      const waiting = () =>
        observer.query(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%ending%'`,
        )
      await expect.poll(async () => (await waiting()).rowCount, { timeout: 60_000 }).toBe(1)
    })
    isOver = true
    await client.query('commit')
    expect(await burying).toEqual([[one.id], true])
    const { client: late } = await beginAs(other)
    expect(await other.store.nodes.renew(other.id, longMs, 1)).toBe(true)
    await late.query('commit')
  })

  it('that is renewed while it is being buried lives', async () => {
    const [one, other] = [await openNode(1), await openNode()]
    await onServer(url, async client => {
      await client.query('set search_path = claude_code_api')
      await client.query('begin')
      await client.query('update nodes set lease_until = lease_until + $1 where id = $2', [longMs, one.id])
      const burying = other.store.nodes.buryExpired()
      await onServer(url, async observer => {
        const waiting = () =>
          observer.query(
            `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%ending%'`,
          )
        await expect.poll(async () => (await waiting()).rowCount, { timeout: 60_000 }).toBe(1)
      })
      await client.query('commit')
      expect(await burying).toEqual([])
    })
    expect(await one.store.nodes.renew(one.id, longMs, 1)).toBe(true)
  })

  it('is ended by the database when the node is silent for half of its lease', async () => {
    const [one, other] = [await openNode(1), await openNode()]
    const { ended, tcpTimeout } = await beginAs(one, 400)
    expect(tcpTimeout).toEqual([{ tcp_user_timeout: '400' }])
    expect(await other.store.nodes.buryExpired()).toEqual([one.id])
    expect(await ended).toMatchObject([{ code: '25P03' }])
  })
})

describe('a newer program', () => {
  const step = (name: string, admits?: string): Migration => ({
    name,
    ...(admits && { admits }),
    up: db =>
      db.schema
        .createTable(`t_${name.slice(0, 3)}`)
        .addColumn('id', 'text')
        .execute(),
  })
  const start = async (steps: readonly Migration[], nodeId?: string) => {
    const store = await openPostgresStore({ url, ...(nodeId && { nodeId }) }, undefined, [
      ...migrations,
      ...steps,
    ])
    await store.close()
  }

  it('that changes the database is refused while a node lives that the change does not admit', async () => {
    const node = await openNode()
    for (const nodeId of [randomUUID(), undefined]) {
      await expect(start([step('900-new')], nodeId)).rejects.toMatchObject({
        reason: 'locked',
        message: expect.stringContaining(
          '"900-new", which nodes of an older program do not admit, and these nodes are running: http://127.0.0.1:1 (version 1)',
        ),
      })
    }
    // Living nodes need not know what this program alone knows.
    await expect(
      start([step('900-new', '032-fences'), step('901-newer', '900-new')], randomUUID()),
    ).rejects.toThrow('901-newer')
    await onServer(url, async client => {
      const { rows } = await client.query(
        `select name from claude_code_api.schema_migrations where name like '90%'`,
      )
      expect(rows).toEqual([])
    })
    await node.store.nodes.leave(node.id)
    await start([step('900-new')], randomUUID())
  })

  it('whose change admits the living nodes joins them', async () => {
    const node = await openNode()
    await start([step('900-new', '032-fences'), step('901-newer', '032-fences')], randomUUID())
    const session = sessionRecord()
    await node.store.createSession(session, [], 100)
    expect(await write(node, session, await claim(node, session), 'goes on')).toMatchObject([{ sequence: 1 }])
    await openNode()
  })

  it('whose change gives every table another column is not noticed by what other nodes have prepared', async () => {
    const { id, store } = await openNode()
    const session = sessionRecord()
    await store.createSession(session, [], 100)
    const fence = await claim({ id, store }, session)
    const { tenantId } = session
    const useTables = () => [
      write({ id, store }, session, fence, 'more'),
      store.findSession(tenantId, session.id),
      store.listSessions(tenantId, { limit: 10, asOf: null, after: null, status: 'all' }),
      store.listExpiredSessions(Date.now(), 10),
      store.readMessages(tenantId, session.id, { limit: 10, offset: 0 }),
      store.listEvents(tenantId, { sessionId: session.id, after: 0, limit: 10 }),
      store.keys.loadKeys(),
      store.claims.listOrphans(10),
      store.nodes.listNodes(),
      store.nodes.renew(id, longMs, 1),
      store.claims.findPlacement(tenantId, session.id),
      store.claims.pinSession(session.id, fence, '/volume'),
      store.feed.readHead(),
    ]
    // More than connections have prepared each.
    const useAll = () => Promise.all([...useTables(), ...useTables(), ...useTables()])
    await useAll()
    await onServer(url, async client => {
      const { rows } = await client.query(
        `select tablename from pg_tables where schemaname = 'claude_code_api'`,
      )
      for (const { tablename } of rows) {
        await client.query(`alter table claude_code_api.${tablename} add column of_a_later_version text`)
      }
    })
    await useAll()
    expect((await store.listEvents(tenantId, { sessionId: session.id, after: 0, limit: 10 })).length).toBe(6)
  })
})
