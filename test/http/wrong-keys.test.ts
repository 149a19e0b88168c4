import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DoorOptions, key, type OpenDoor, openDoor, readError } from './open-door.ts'

const newcomer = 'Key-for-Tests-2'
const store = { ok: true, sessions: { active: 0, total: 0 }, ageMs: 0 }
const service = { models: () => [], health: async () => ({ store, claude: undefined }) as never }

// An address is delayed for a second, in which the tests have to be done.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

function openLimited(config: DoorOptions['config'] = {}): Promise<OpenDoor> {
  return openDoor({
    service,
    config: { limits: { wrongKeysPerAddress: 3 }, auth: { apiKeys: [key, newcomer] }, ...config },
  })
}

let made = 0
/** Sends a key, by default one that nobody has sent before; from an address, if the peer may say so. */
async function send(door: OpenDoor, { sent = `guess-${made++}`, from = '', path = '/models' } = {}) {
  const headers = { 'x-api-key': sent, ...(from && { 'x-forwarded-for': from }) }
  return fetch(door.url + path, { headers })
}

const statusOf = async (...given: Parameters<typeof send>) => (await send(...given)).status

async function guess(door: OpenDoor, times: number, given: Parameters<typeof send>[1] = {}) {
  const statuses = []
  for (let count = 0; count < times; count++) statuses.push(await statusOf(door, given))
  return statuses
}

test('after too many wrong keys, an address has to wait, and is told how long', async () => {
  await using door = await openLimited()
  expect(await guess(door, 3)).toEqual([403, 403, 403])
  const response = await send(door)
  const { error } = await readError(response)
  expect([response.status, error.code, error.retryable]).toEqual([429, 'CALLER_LIMIT_REACHED', true])
  expect(error.details).toMatchObject({ limitName: 'limits.wrongKeysPerAddress', limit: 3 })
  expect(error.message).toContain('limits.wrongKeysPerAddress')
  expect(response.headers.get('retry-after')).toBe('1')
  const warning = door.lines.find(({ msg }) => msg === 'address delayed after wrong keys')
  expect(warning).toMatchObject({ address: '127.0.0.1', wrongKeys: 3, delayMs: 1000 })
  expect(JSON.stringify(door.lines)).not.toContain('guess-')
})

test('a key that has worked at the address passes, another right one is not told from a wrong one', async () => {
  await using door = await openLimited()
  expect(await statusOf(door, { sent: key })).toBe(200)
  await guess(door, 3)
  expect(await statusOf(door, { sent: key })).toBe(200)
  const right = await readError(await send(door, { sent: newcomer }))
  const wrong = await readError(await send(door))
  expect({ ...right.error.details, retryAt: '' }).toEqual({ ...wrong.error.details, retryAt: '' })
  expect(right.error.message).toBe(wrong.error.message)
})

test('operations that need no key do not tell right keys from wrong ones either', async () => {
  await using door = await openLimited()
  await guess(door, 3)
  const readiness = async (sent: string) => (await send(door, { sent, path: '/ready' })).json()
  expect(await readiness(newcomer)).toEqual({ status: 'ready' })
  expect(await readiness('another wrong one')).toEqual({ status: 'ready' })
})

describe('the address is that of the peer', () => {
  test('unless the peer is a trusted proxy: a forged X-Forwarded-For counts for nothing', async () => {
    await using door = await openLimited()
    for (let count = 0; count < 3; count++) await send(door, { from: `198.51.100.${count}` })
    expect(await statusOf(door, { from: '198.51.100.9' })).toBe(429)
  })

  test('or the one that a trusted proxy names', async () => {
    await using door = await openLimited({ trustProxy: 'loopback' })
    await guess(door, 3, { from: '198.51.100.1' })
    // Addresses that the caller put in front of the one that the proxy has added.
    expect(await statusOf(door, { from: '203.0.113.5, 198.51.100.1' })).toBe(429)
    expect(await statusOf(door, { sent: newcomer, from: '198.51.100.2' })).toBe(200)
    await guess(door, 3, { from: '2001:db8:0:1::1' })
    expect(await statusOf(door, { from: '2001:db8:0:1::2' })).toBe(429)
  })
})

test('keys for metrics count as well', async () => {
  await using door = await openLimited({ metrics: { apiKeys: ['Key-for-Metrics-1'] } })
  expect(await guess(door, 3, { path: '/metrics' })).toEqual([403, 403, 403])
  expect(await statusOf(door, { sent: 'Key-for-Metrics-1', path: '/metrics' })).toBe(429)
})

test('a key that looks like a token is guarded as any other, where no tokens are accepted', async () => {
  await using door = await openLimited({ auth: { apiKeys: [key, 'prod.key.0123456789abcdef'] } })
  for (const last of ['a', 'b', 'c']) {
    expect(await statusOf(door, { sent: `prod.key.0123456789abcde${last}x` })).toBe(403)
  }
  expect(await statusOf(door, { sent: 'prod.key.0123456789abcdef' })).toBe(429)
})
