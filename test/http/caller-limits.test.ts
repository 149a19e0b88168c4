import { afterAll, expect, test } from 'vitest'
import type { CallerLimits } from '../../src/contract/caller-limits.ts'
import { openDoor, readError } from './open-door.ts'

let limits: { key?: CallerLimits; tenant?: CallerLimits } = {}
const door = await openDoor({
  deps: { limitsOf: () => limits },
  service: { models: () => [] },
})
afterAll(() => door[Symbol.asyncDispose]())

test('without limits there is nothing to be told of them', async () => {
  const response = await door.call('/models')
  expect([response.status, response.headers.get('ratelimit')]).not.toContain('requests-per-minute')
  expect(response.headers.get('ratelimit-policy')).not.toContain('requests-per-minute')
})

test('requests beyond the limit of a minute are refused, whatever they ask for', async () => {
  limits = { key: { requestsPerMinute: 2 }, tenant: { requestsPerMinute: 100 } }
  const first = await door.call('/models')
  expect(first.status).toBe(200)
  expect(first.headers.get('ratelimit-policy')).toContain(
    '"key-requests-per-minute";q=2;w=60, "tenant-requests-per-minute";q=100;w=60',
  )
  expect(first.headers.get('ratelimit')).toMatch(/"key-requests-per-minute";r=1;t=\d+, "tenant-.*";r=99;t=60/)
  await door.call('/no-such-path')
  const refused = await door.call('/models')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(61)
  expect(refused.headers.get('ratelimit')).toContain('"key-requests-per-minute";r=0;t=')
  expect((await readError(refused)).error).toMatchObject({
    code: 'CALLER_LIMIT_REACHED',
    details: { limitName: 'requestsPerMinute', level: 'key', limit: 2, used: 2, retryAt: expect.any(String) },
    retryable: true,
    retry: 'same_key',
  })
  limits = { key: { requestsPerMinute: 3 } }
  expect((await door.call('/models')).status).toBe(200)
})

test('a wrong key and a request without one count for no key', async () => {
  limits = { key: { requestsPerMinute: 1 } }
  const response = await door.call('/models', { headers: { 'x-api-key': 'wrong' } })
  expect(response.status).toBe(403)
  expect((await fetch(`${door.url}/health`)).status).not.toBe(429)
})

test('a request that the tenant has no room for does not count for the key', async () => {
  limits = { key: { requestsPerMinute: 100 }, tenant: { requestsPerMinute: 1 } }
  const refused = await door.call('/models')
  expect(refused.status).toBe(429)
  const left = () => /"key-requests-per-minute";r=(\d+)/.exec(refused.headers.get('ratelimit') ?? '')?.[1]
  const before = Number(left())
  const again = await door.call('/models')
  expect(again.status).toBe(429)
  expect(again.headers.get('ratelimit')).toContain(`"key-requests-per-minute";r=${before};`)
})
