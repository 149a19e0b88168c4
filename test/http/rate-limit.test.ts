import { afterEach, expect, it, vi } from 'vitest'
import { key, openDoor, readError } from './open-door.ts'

const service = { models: () => [] }

afterEach(() => {
  vi.useRealTimers()
})

it('counts by key and says so', async () => {
  const other = 'another-key'
  await using door = await openDoor({
    service,
    config: { auth: { apiKeys: [key, other] }, rateLimit: { maxRequests: 2, windowMs: 60_000 } },
  })
  const first = await door.call('/models')
  expect(first.headers.get('x-ratelimit-limit')).toBe('2')
  expect(first.headers.get('x-ratelimit-remaining')).toBe('1')
  expect(Number(first.headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(Date.now())
  expect(first.headers.get('ratelimit')).toContain('r=1')
  expect(first.headers.get('ratelimit-policy')).toContain('q=2')
  await door.call('/models')
  const third = await door.call('/models')
  const { error } = await readError(third)
  expect([third.status, error.code]).toEqual([429, 'RATE_LIMIT_EXCEEDED'])
  expect(error.details).toEqual({
    limit: 2,
    window: 60_000,
    reset: Number(third.headers.get('x-ratelimit-reset')),
  })
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await door.call('/models', { headers: { 'x-api-key': other } })).status).toBe(200)
})

it('counts wrong keys, missing keys and unknown paths by address', async () => {
  await using door = await openDoor({ service, config: { rateLimit: { maxRequests: 3 } } })
  const statuses = [
    await fetch(`${door.url}/models`),
    await fetch(`${door.url}/nowhere`),
    await fetch(`${door.url}/models`, { headers: { 'x-api-key': 'guess' } }),
    await fetch(`${door.url}/models`, { headers: { 'x-api-key': 'guess again' } }),
  ].map(({ status }) => status)
  expect(statuses).toEqual([401, 401, 403, 429])
  expect((await door.call('/models')).status).toBe(200)
})

it('does not count the health check', async () => {
  await using door = await openDoor({ service, config: { rateLimit: { maxRequests: 1 } } })
  for (let round = 0; round < 3; round++) {
    expect((await fetch(`${door.url}/health`)).status).not.toBe(429)
  }
  expect((await door.call('/models')).status).toBe(200)
})

it('takes another way to tell callers apart', async () => {
  await using door = await openDoor({
    service,
    config: { rateLimit: { maxRequests: 1, keyGenerator: req => req.get('x-team') ?? 'none' } },
  })
  const ask = async (team: string) => (await door.call('/models', { headers: { 'x-team': team } })).status
  expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([200, 200, 429])
})

it('can be turned off', async () => {
  await using door = await openDoor({ service, config: { rateLimit: { enabled: false } } })
  expect((await door.call('/models')).headers.get('x-ratelimit-limit')).toBeNull()
})

it.each([-7_200_000, 7_200_000])(
  'ends a window in its time, though the clock is set by %d ms',
  async step => {
    await using door = await openDoor({
      service,
      config: { rateLimit: { maxRequests: 1, windowMs: 60_000 } },
    })
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    expect((await door.call('/models')).status).toBe(200)
    vi.setSystemTime(Date.now() + step)
    const refused = await door.call('/models')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    vi.advanceTimersByTime(60_001)
    expect((await door.call('/models')).status).toBe(200)
  },
)
