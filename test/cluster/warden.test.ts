import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type NodeConnection, openNodes } from '../../src/store/postgres/open-nodes.ts'
import { until } from '../support/open-sessions.ts'
import { createDatabase, onServer } from '../support/postgres/shared-server.ts'
import { programsOf } from '../support/processes.ts'
import { openTcpProxy } from '../support/tcp-proxy.ts'
import { openNode, type TestNode } from './warden-node.ts'

/** A pause of the machine must end neither it nor the tenth of it that is left for ending processes. */
const leaseMs = 4_000
let url: string
let peer: NodeConnection
beforeEach(async () => {
  const database = await createDatabase(inject('postgresDirectory'))
  url = database.url
  peer = await openNodes({ url }, 60_000)
  return async () => {
    await peer.close()
    await database.drop()
  }
})

/** Marks the node dead as soon as that is possible, as any other node would, and says how much of its tree lived then. */
async function buryFirst({ id, living }: TestNode): Promise<number> {
  for (;;) {
    await peer.nodes.buryExpired()
    const isLiving = (await peer.nodes.listNodes()).some(node => node.id === id)
    if (!isLiving) return living()
    await pause(5)
  }
}

async function leaseOf({ id }: TestNode): Promise<number> {
  let until = 0
  await onServer(url, async client => {
    const { rows } = await client.query('select lease_until from claude_code_api.nodes where id = $1', [id])
    until = Number(rows[0].lease_until)
  })
  return until
}

/** Waits until the lease was renewed so many times. */
async function renewed(node: TestNode, times = 2): Promise<void> {
  for (let time = 0; time < times; time++) {
    const before = await leaseOf(node)
    await until(async () => (await leaseOf(node)) > before)
  }
}

const wardenOf = async (node: TestNode) => (await node.ask('state', 'state')).wardenPid as number
const isRunning = ({ id }: TestNode) => programsOf(`warden.ts ${id}`).length > 0

async function expectGood(node: TestNode): Promise<void> {
  expect(await node.ask('state', 'state')).toMatchObject({ isGood: true, isLost: false })
  expect(node.living()).toBe(4)
}

describe('the warden of a node', () => {
  test('renews the lease as long as the node lives, with the slots that are free', async () => {
    const node = await openNode({ url, leaseMs: 2 * leaseMs })
    // They are four in a lease.
    await renewed(node, 3)
    await expectGood(node)
    expect(await peer.nodes.listNodes()).toMatchObject([{ id: node.id, state: 'active', slotsFree: 3 }])
  })

  test('ends all that the node has started when the node is killed, before it can be marked dead', async () => {
    const node = await openNode({ url, leaseMs })
    node.signal('SIGKILL')
    expect(await buryFirst(node)).toBe(0)
    await until(() => !isRunning(node))
  })

  test('ends all when the node is stopped for longer than its lease, and the node learns of it', async () => {
    const node = await openNode({ url, leaseMs })
    node.signal('SIGSTOP')
    expect(await buryFirst(node)).toBe(0)
    node.signal('SIGCONT')
    expect(await node.ask('state', 'state')).toMatchObject({ isGood: false })
    await node.heard('lost')
    // Also what the node started in the middle of it ends with the node.
    node.signal('SIGKILL')
    await until(() => !isRunning(node))
  })

  test('ends all when the main thread of the node is blocked for longer than the lease', async () => {
    const node = await openNode({ url, leaseMs })
    const blocked = node.ask(`block ${2 * leaseMs}`, 'blocked')
    expect(await buryFirst(node)).toBe(0)
    expect(await blocked).toMatchObject({ isGood: false })
    await node.heard('lost')
  })

  test('ends all at once when the node was marked dead', async () => {
    const node = await openNode({ url, leaseMs: 2 * leaseMs })
    await renewed(node, 1)
    await peer.nodes.leave(node.id)
    expect(await node.heard('lost')).toMatchObject({ reason: expect.stringContaining('dead') })
    expect(node.living()).toBe(0)
  })

  test('lives through signals for the group of the node, and for itself, until the goodbye', async () => {
    const node = await openNode({ url, leaseMs: 2 * leaseMs })
    const warden = await wardenOf(node)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(warden, signal)
    process.kill(-node.pid, 'SIGTERM')
    await node.heard('signal')
    await renewed(node, 3)
    expect(await wardenOf(node)).toBe(warden)
    await node.ask('close', 'closed')
    expect(isRunning(node)).toBe(false)
    expect(node.living()).toBe(4)
    // A database that is late once is no trouble of the warden's.
    const troubles = node.told.filter(({ kind, text }) => kind === 'log' && text !== 'lease renewal failed')
    expect([troubles, node.told.filter(({ kind }) => kind === 'lost')]).toEqual([[], []])
  })

  test('is replaced when it is killed, and the next one guards as well', async () => {
    // The next one has to start within the lease, on a busy machine too.
    const node = await openNode({ url, leaseMs: 2 * leaseMs })
    for (let round = 0; round < 2; round++) {
      const warden = await wardenOf(node)
      process.kill(warden, 'SIGKILL')
      await until(async () => ![undefined, warden].includes(await wardenOf(node)))
      await renewed(node)
      await expectGood(node)
    }
    node.signal('SIGKILL')
    expect(await buryFirst(node)).toBe(0)
  })

  test('that hangs does not keep the node from giving up in time', async () => {
    const node = await openNode({ url, leaseMs })
    const warden = await wardenOf(node)
    process.kill(warden, 'SIGSTOP')
    onTestFinished(() => void process.kill(warden, 'SIGKILL'))
    expect(await buryFirst(node)).toBe(0)
    await node.heard('lost')
  })
})

describe('a database that cannot be reached', () => {
  async function openBehindProxy(lease = leaseMs) {
    const { hostname: host, port } = new URL(url)
    const proxy = await openTcpProxy({ host, port: Number(port) })
    onTestFinished(() => proxy.close())
    const wardenUrl = new URL(url)
    wardenUrl.port = String(proxy.port)
    return { proxy, node: await openNode({ url, wardenUrl: wardenUrl.href, leaseMs: lease }) }
  }

  test('for shorter than the lease costs nothing', async () => {
    const { proxy, node } = await openBehindProxy(2 * leaseMs)
    for (let round = 0; round < 2; round++) {
      await renewed(node, 1)
      const before = node.told.length
      proxy.stop()
      await until(() => node.told.slice(before).some(({ text }) => text === 'lease renewal failed'))
      proxy.resume()
      await renewed(node)
    }
    await expectGood(node)
  })

  test('for longer than the lease ends all before the node can be marked dead', async () => {
    const { proxy, node } = await openBehindProxy()
    await renewed(node, 1)
    proxy.stop()
    expect(await buryFirst(node)).toBe(0)
    expect(await node.heard('lost')).toMatchObject({ reason: expect.stringContaining('late') })
    proxy.resume()
    expect(await node.ask('state', 'state')).toMatchObject({ isGood: false, isLost: true })
  })
})
