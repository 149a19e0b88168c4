import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import type { LimitsOf } from '../../src/sessions/limits/limits-of.ts'
import { RunningTurns } from '../../src/sessions/limits/running-turns.ts'
import { TurnRate } from '../../src/sessions/limits/turn-rate.ts'
import { openSessions, caller as person, plain, promptOf, until } from '../support/open-sessions.ts'
import { openNodes, type TestNode } from '../support/postgres/open-nodes.ts'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'

const hourMs = 3_600_000
const caller = { tenantId: 'tenant', keyId: 'key' }
const forever = new AbortController().signal

let url: string
beforeEach(async () => {
  const database = await createDatabase(inject('postgresDirectory'))
  url = database.url
  return () => database.drop()
})

/** So many uses of a counter at once. @returns how many were granted */
async function use(node: TestNode, count: number, limit: number, windowMs = hourMs): Promise<number> {
  const uses = Array.from({ length: count }, () => node.limits.counters.take('a', windowMs, limit))
  return (await Promise.all(uses)).filter(({ granted }) => granted).length
}

/**
 * Nodes wait for the database for as long as it takes, instead of counting alone after a quarter of a second; what they
 * have taken ahead or prepared lapses when the test says so.
 */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** Not while something waits for the database. */
const lapse = () => void vi.advanceTimersByTime(5_000)

/** Lets time pass until what waits for it is there. */
async function whilePassing<T>(waiting: Promise<T>): Promise<T> {
  let isOver = false
  void waiting.finally(() => {
    isOver = true
  })
  while (!isOver) {
    vi.advanceTimersByTime(500)
    await pause(5)
  }
  return waiting
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
const openThree = async () => (await openNodes(url, 3)) as [TestNode, TestNode, TestNode]

describe('uses within a window', () => {
  it('of bursts from three nodes at once exactly the limit is granted', async () => {
    const nodes = await openThree()
    holdTimers()
    expect(sum(await Promise.all(nodes.map(node => use(node, 200, 100))))).toBe(100)
    expect(await use(nodes[0], 10, 100)).toBe(0)
  })

  it('never more than the limit are granted while nodes use it one by one, and in the end all of it', async () => {
    const nodes = await openThree()
    holdTimers()
    const granted = await Promise.all(
      nodes.map(async node => {
        let count = 0
        for (let round = 0; round < 150; round++) count += await use(node, 1, 300)
        return count
      }),
    )
    expect(sum(granted)).toBeLessThanOrEqual(300)
    expect(sum(granted)).toBeGreaterThanOrEqual(270)
    for (const node of nodes) await node.limits.close()
    const [other] = await openNodes(url, 1)
    if (other) expect(sum(granted) + (await use(other, 300, 300))).toBe(300)
  })

  it('a single busy node gets nearly all of it, and asks the store seldom', async () => {
    const [busy, ...quiet] = await openThree()
    holdTimers()
    // They have taken something ahead.
    let elsewhere = 0
    for (const node of quiet) for (let round = 0; round < 20; round++) elsewhere += await use(node, 1, 2_000)
    let granted = 0
    for (let round = 0; round < 1_900; round++) granted += await use(busy, 1, 2_000)
    expect(granted).toBeGreaterThanOrEqual(1_800)
    expect(busy.asked).toBeLessThan(granted / 5)
    const all = async () => {
      lapse()
      granted += await use(busy, 1, 2_000)
      return granted + elsewhere
    }
    await expect.poll(all, { timeout: 60_000, interval: 1 }).toBe(2_000)
  })

  it('what is left is told, and when there is something again', async () => {
    const [one, other] = await openThree()
    holdTimers()
    const first = await one.limits.counters.take('a', hourMs, 3)
    expect(first).toMatchObject({ granted: true, left: 2, freesInMs: 0 })
    await other.limits.counters.take('a', hourMs, 3)
    const last = await one.limits.counters.take('a', hourMs, 3)
    expect(last).toMatchObject({ granted: true, left: 0 })
    const none = await other.limits.counters.take('a', hourMs, 3)
    expect(none).toMatchObject({ granted: false, left: 0 })
    expect(none.freesInMs).toBeGreaterThan(hourMs - 1_000)
    last.undo()
    const again = () => {
      lapse()
      return use(other, 1, 3)
    }
    await expect.poll(again, { timeout: 60_000 }).toBe(1)
    expect(await use(one, 1, 3)).toBe(0)
  })

  it('a window is over in its time', async () => {
    const [one, other] = await openThree()
    // Longer than the requests at once may take.
    const windowMs = 6_000
    expect(await use(one, 10, 5, windowMs)).toBe(5)
    await expect.poll(() => use(other, 1, 5, windowMs), { timeout: 60_000 }).toBe(1)
  })
})

it('a database that stands still holds up no request: nodes count alone until it is back', async () => {
  const server = await startPostgres()
  onTestFinished(() => server.dispose())
  const [one, other] = (await openNodes(server.url, 2)) as [TestNode, TestNode]
  expect(await use(one, 2, 10)).toBe(2)
  expect(await use(other, 2, 10)).toBe(2)
  const frozen = server.freeze(6_000).then(() => 'over')
  await until(() => readFileSync(`/proc/${server.pid}/stat`, 'utf8').includes(') T '))
  const alone = Promise.all([use(one, 20, 10), use(other, 20, 10)])
  // Each by its own window, which has the two from before.
  expect(await Promise.race([alone, frozen])).toEqual([8, 8])
  expect(await Promise.race([use(one, 20, 10), frozen])).toBe(0)
  expect(one.lines).toEqual(['shared limits unavailable; this node counts alone'])
  await frozen
  const isBack = async () => {
    await use(one, 1, 10)
    return one.lines.at(-1)
  }
  await expect.poll(isBack, { timeout: 60_000 }).toBe('shared limits available again')
  expect(await use(one, 20, 10)).toBeLessThanOrEqual(6)
})

describe('prompts an hour', () => {
  const limitsOf = () => ({ key: { turnsPerHour: 5 } })

  it('of prompts to three nodes at once exactly the limit is accepted', async () => {
    const nodes = await openThree()
    holdTimers()
    const rates = nodes.map(({ store, limits }) => new TurnRate(limitsOf, store.ledger, limits.counters))
    const takes = rates.flatMap(rate => Array.from({ length: 10 }, () => Promise.resolve(rate.take(caller))))
    const results = await Promise.allSettled(takes)
    const accepted = results.filter(result => result.status === 'fulfilled')
    expect(accepted).toHaveLength(5)
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: {
        code: 'CALLER_LIMIT_REACHED',
        details: { limitName: 'turnsPerHour', limit: 5, used: 5, retryAt: expect.any(String) },
      },
    })
    // A prompt that was refused otherwise gives its place back.
    accepted[0]?.value()
    const again = async () => {
      lapse()
      return (await Promise.allSettled([rates[0]?.take(caller)]))[0]?.status
    }
    await expect.poll(again, { timeout: 60_000 }).toBe('fulfilled')
  })
})

describe('running turns', () => {
  const limitsOf = () => ({ tenant: { runningTurns: 2 } })
  const openTurns = (nodes: TestNode[]) =>
    nodes.map(({ limits }) => new RunningTurns(limitsOf, limits.places))

  it('a turn starts when one on another node has ended, and never more run than may', async () => {
    const nodes = openTurns(await openThree())
    let running = 0
    let most = 0
    let ended = 0
    await Promise.all(
      nodes.flatMap((turns, node) =>
        Array.from({ length: 5 }, async (_, index) => {
          const permit = await turns.wait(caller, `${node}-${index}`, forever)
          most = Math.max(most, ++running)
          await pause(5)
          running--
          ended++
          permit?.()
        }),
      ),
    )
    expect([most, ended]).toEqual([2, 15])
  })

  it('a prepared turn takes its place without waiting; what is not taken is free again', async () => {
    const [one, other] = openTurns(await openThree()) as [RunningTurns, RunningTurns]
    holdTimers()
    expect(one.take(caller)).toBeUndefined()
    await Promise.all([one.prepare(caller), one.prepare(caller)])
    const permit = one.take(caller)
    expect(permit).toBeDefined()
    await other.prepare(caller)
    expect(other.take(caller)).toBeUndefined()
    // The second that was prepared has not come.
    const waited = await whilePassing(other.wait(caller, 'waits', forever))
    expect(waited).toBeDefined()
    await one.prepare(caller)
    expect(one.take(caller)).toBeUndefined()
    permit?.()
    expect(await whilePassing(other.wait(caller, 'next', forever))).toBeDefined()
  })

  it('what a dead node holds is free', async () => {
    const opened = await openThree()
    const [dead, heir] = openTurns(opened) as [RunningTurns, RunningTurns]
    await dead.wait(caller, 'first', forever)
    await dead.wait(caller, 'second', forever)
    let hasPlace = false
    const waiting = heir.wait(caller, 'third', forever).then(() => {
      hasPlace = true
    })
    await pause(700)
    expect(hasPlace).toBe(false)
    await opened[2].store.nodes.leave(opened[0].id)
    await waiting
  })

  it('a turn that is stopped while it waits wants no place any more', async () => {
    const [one, other] = openTurns(await openThree()) as [RunningTurns, RunningTurns]
    const permits = [await one.wait(caller, 'a', forever), await one.wait(caller, 'b', forever)]
    const stop = new AbortController()
    const waiting = other.wait(caller, 'c', stop.signal)
    stop.abort()
    expect(await waiting).toBeUndefined()
    for (const permit of permits) permit?.()
    expect(await one.wait(caller, 'd', forever)).toBeDefined()
    expect(await one.wait(caller, 'e', forever)).toBeDefined()
  })
})

describe('sessions on several nodes', () => {
  async function openTwo(limitsOf: LimitsOf) {
    const open = () => openSessions({ databaseUrl: url, nodeId: randomUUID(), limitsOf })
    const nodes = [await open(), await open()] as const
    const create = async ({ sessions }: (typeof nodes)[0]) =>
      (await sessions.create(person, plain)).session.id
    return { nodes, create }
  }

  it('a prompt to one waits for a turn that runs on the other, and starts when that ends', async () => {
    const { nodes, create } = await openTwo(() => ({ key: { runningTurns: 1 } }))
    const ids = [await create(nodes[0]), await create(nodes[1])] as const
    const first = await nodes[0].sessions.submit(person, ids[0], promptOf('hang'))
    // At once only where the database answers within a quarter of a second.
    const turnNow = () => nodes[0].sessions.getTurn(person, ids[0], first.turn.id)
    await until(async () => (await turnNow()).status === 'running')
    const second = await nodes[1].sessions.submit(person, ids[1], promptOf('hello'))
    expect(second.turn.status).toBe('queued')
    await nodes[0].sessions.interrupt(person, ids[0], { clearQueue: true })
    expect((await second.ended).turn.status).toBe('completed')
  })

  it('of prompts to both at once no more are accepted than in an hour may be', async () => {
    const { nodes, create } = await openTwo(() => ({ tenant: { turnsPerHour: 3 } }))
    holdTimers()
    const submits = nodes.flatMap(node =>
      Array.from({ length: 4 }, async () => {
        const { ended } = await node.sessions.submit(person, await create(node), promptOf('hello'))
        await ended
      }),
    )
    const results = await Promise.allSettled(submits)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  })

  it('prompts count that were sent while there was no limit', async () => {
    const limits: { key?: { turnsPerHour: number } } = {}
    const { nodes, create } = await openTwo(() => limits)
    holdTimers()
    const id = await create(nodes[0])
    await nodes[0].ask(id, 'first')
    limits.key = { turnsPerHour: 2 }
    await nodes[1].ask(await create(nodes[1]), 'second')
    await expect(nodes[0].sessions.submit(person, id, promptOf('third'))).rejects.toMatchObject({
      code: 'CALLER_LIMIT_REACHED',
    })
  })

  it('both together have no more active sessions than may be', async () => {
    const { nodes, create } = await openTwo(() => ({ key: { activeSessions: 4 } }))
    const results = await Promise.allSettled(
      nodes.flatMap(node => Array.from({ length: 8 }, () => create(node))),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CALLER_LIMIT_REACHED', details: { limitName: 'activeSessions', limit: 4, used: 4 } },
    })
  })
})
