import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { startNode } from '../support/cluster.ts'
import { endsLater } from '../support/lifetime.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { openNodes } from '../support/postgres/open-nodes.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { type DoorOptions, openDoor } from './open-door.ts'

/** Dropped when all that the test has opened is closed. */
async function openDatabase(): Promise<string> {
  const database = await createDatabase(inject('postgresDirectory'))
  endsLater(database.drop)
  return database.url
}

/** A node may still have a few that it has taken ahead. */
function expectNearly(limit: number, granted: number): void {
  expect(granted).toBeLessThanOrEqual(limit)
  expect(granted).toBeGreaterThanOrEqual(0.9 * limit)
}

/**
 * Nodes wait for the database for as long as it takes, instead of counting alone after a quarter of a second; what they
 * have taken ahead lapses when the test says so.
 */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** The doors of three nodes. */
async function openThree(options: DoorOptions) {
  const nodes = await openNodes(await openDatabase(), 3)
  const doors = await Promise.all(
    nodes.map(({ limits }) =>
      openDoor({
        ...options,
        service: { models: () => [] },
        deps: { ...options.deps, sharedCounters: limits.counters },
      }),
    ),
  )
  /** So many requests to each, at once. */
  const burst = async (each: number) => {
    const responses = await Promise.all(
      doors.flatMap(door => Array.from({ length: each }, () => door.call('/models'))),
    )
    return Map.groupBy(responses, ({ status }) => status)
  }
  return {
    doors,
    burst,
    [Symbol.asyncDispose]: async () => {
      for (const door of doors) await door[Symbol.asyncDispose]()
    },
  }
}

test('the rate limit holds over all nodes, and is told by each', async () => {
  await using nodes = await openThree({ config: { rateLimit: { maxRequests: 40, windowMs: 60_000 } } })
  holdTimers()
  const first = await nodes.doors[0]?.call('/models')
  expect(first?.headers.get('x-ratelimit-remaining')).toBe('39')
  expect(first?.headers.get('ratelimit-policy')).toContain('q=40; w=60')
  const second = await nodes.doors[1]?.call('/models')
  expect(second?.headers.get('ratelimit')).toContain('r=38; t=60')
  const answers = await nodes.burst(30)
  expectNearly(38, answers.get(200)?.length ?? 0)
  for (const refused of answers.get(429) ?? []) {
    expect(refused.headers.get('ratelimit')).toContain('r=0')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(62)
  }
})

test('the limit of a key holds over all nodes; a request that its tenant has no room for does not count', async () => {
  const limits = { key: { requestsPerMinute: 50 }, tenant: { requestsPerMinute: 20 } }
  await using nodes = await openThree({ deps: { limitsOf: () => limits } })
  holdTimers()
  const answers = await nodes.burst(20)
  let granted = answers.get(200)?.length ?? 0
  expectNearly(20, granted)
  const [refused] = answers.get(429) ?? []
  expect(refused?.headers.get('ratelimit')).toMatch(/"tenant-requests-per-minute";r=0;t=\d+/)
  expect(await refused?.json()).toMatchObject({
    error: {
      code: 'CALLER_LIMIT_REACHED',
      details: { limitName: 'requestsPerMinute', level: 'tenant', limit: 20, used: 20 },
    },
  })
  limits.tenant.requestsPerMinute = 1_000
  // What the key has left is not lost with requests that were refused.
  const more = async () => (await nodes.burst(1)).get(200)?.length ?? 0
  const all = async () => {
    vi.advanceTimersByTime(5_000)
    granted += await more()
    return granted
  }
  await expect.poll(all, { timeout: 60_000 }).toBe(50)
})

test('three servers have one rate limit', async () => {
  const url = await openDatabase()
  const [home, shared] = [temporaryDirectory(), temporaryDirectory()]
  const options = { rateLimit: { maxRequests: 60, windowMs: 3_600_000 } }
  const start = (name: string) =>
    startNode(name, {
      ...{ database: { url }, home, shared, env: { PATH: process.env.PATH ?? '' }, options },
      leaseMs: 20_000,
    })
  const nodes = await Promise.all(['a', 'b', 'c'].map(start))
  const statuses: number[] = []
  // Not all at once: a busy machine would answer the nodes so late that they count alone.
  for (let round = 0; round < 40; round++) {
    const responses = await Promise.all(nodes.map(node => node.call('GET', '/models')))
    statuses.push(...responses.map(({ status }) => status))
  }
  const granted = statuses.filter(status => status === 200).length
  // A node that the database has not answered in time counts by itself for a while, and its log says so.
  const countsAlone = ({ cli }: (typeof nodes)[0]) =>
    `${cli.stdout()}${cli.stderr()}`.includes('this node counts alone')
  if (granted > 60) await until(() => nodes.some(countsAlone))
  else expectNearly(60, granted)
  expect(statuses.filter(status => status === 429)).toHaveLength(120 - granted)
})
