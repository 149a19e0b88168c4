import { expect, onTestFinished, test, vi } from 'vitest'
import { openDoor } from '../http/open-door.ts'
import { audience, inSeconds, makeKey, openKeyServer } from '../support/key-server.ts'
import { caller, openSessions, plain } from '../support/open-sessions.ts'

async function open() {
  const key = await makeKey()
  const provider = await openKeyServer([key])
  const { sessions } = await openSessions()
  const door = await openDoor({
    service: sessions,
    config: {
      auth: {
        tokens: { issuer: provider.issuer, audiences: [audience], defaultTenant: 'default', clockSkewMs: 0 },
      },
    },
  })
  const { session } = await sessions.create(caller, plain)
  const get = (path: string, token: string) =>
    fetch(door.url + path, { headers: { authorization: `Bearer ${token}` } })
  return { key, provider, door, id: session.id, get }
}

test('a stream ends with the token that opened it', async () => {
  const { key, provider, door, id, get } = await open()
  await using _ = door
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const token = await provider.sign(key, { exp: inSeconds(2) })
  const response = await get(`/sessions/${id}/events`, token)
  expect(response.status).toBe(200)
  vi.advanceTimersByTime(2_001)
  const text = await response.text()
  expect(text).toContain('event: caught_up')
  expect(text).toContain('event: closing')
  expect((await get(`/sessions/${id}/events`, token)).status).toBe(403)
})

test('without the keys of the provider, a token is answered with 503, and everything else works', async () => {
  const { key, provider, door, get } = await open()
  await using _ = door
  provider.state.status = 500
  const token = await provider.sign(key)
  const response = await get('/sessions', token)
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { error: { code: 'IDENTITY_PROVIDER_UNAVAILABLE', retryable: true } },
  ])
  expect(response.headers.get('retry-after')).toBe('20')
  expect((await get('/health', token)).status).toBe(200)
  expect((await get('/nowhere', token)).status).toBe(503)
  expect((await door.call('/sessions')).status).toBe(200)
  // A text that is no token asks nobody.
  expect((await get('/sessions', 'no.token')).status).toBe(403)
})
