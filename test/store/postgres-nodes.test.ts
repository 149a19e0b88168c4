import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { Fence, Store } from '../../src/sessions/ports/index.ts'
import { SessionFenced, type SessionRecord } from '../../src/sessions/records.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'

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

describe('a server that has the database for itself', () => {
  it('is refused while a node lives, and keeps nodes out while it lives itself', async () => {
    const node = await openNode(2_000)
    const renewing = setInterval(() => node.store.nodes.renew(node.id, 2_000, 1).catch(() => {}), 300)
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
