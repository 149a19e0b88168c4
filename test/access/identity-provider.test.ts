import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import type { Caller } from '../../src/sessions/records.ts'
import { openDoor } from '../http/open-door.ts'
import { openIdentityProvider, resource } from '../support/identity-provider.ts'

test('tokens of a real provider open what their claims say, over a change of its keys', async () => {
  const provider = await openIdentityProvider({ org: 'acme', name: 'A Program' })
  const callers: Caller[] = []
  await using door = await openDoor({
    service: {
      models: () => [],
      list: async caller => {
        callers.push(caller)
        return { sessions: [], total: 0, nextCursor: null }
      },
    },
    config: {
      auth: { tokens: { issuer: provider.issuer, audiences: [resource], tenantClaim: 'org' } },
    },
  })
  const call = (path: string, token: string, init: RequestInit = {}) =>
    fetch(door.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })

  const token = await provider.getToken('sessions:read')
  expect((await call('/sessions', token)).status).toBe(200)
  expect(callers).toEqual([
    expect.objectContaining({
      tenantId: 'acme',
      keyId: expect.stringMatching(/^token_[0-9a-f]{32}$/),
      name: 'A Program',
      scopes: new Set(['sessions:read']),
      sessionId: null,
      isOperator: false,
    }),
  ])
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
  const refused = await call('/sessions', token, post)
  expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'SCOPE_REQUIRED' } }])
  expect((await call('/metrics', token)).status).toBe(403)
  // Keys work beside tokens.
  expect((await door.call('/models')).status).toBe(200)

  await provider.rotate()
  const next = await provider.getToken('sessions:read')
  expect((await call('/sessions', next)).status).toBe(200)
  expect(callers[1]?.keyId).toBe(callers[0]?.keyId)
  const old = await call('/sessions', token)
  expect([old.status, ((await old.json()) as { error: object }).error]).toEqual([
    403,
    { code: 'INVALID_API_KEY', message: 'The API key is not valid', retryable: false, retry: 'never' },
  ])

  await door.door.close()
  const line = door.lines.find(({ refused }) => refused !== undefined)
  expect(line).toMatchObject({ msg: 'request', status: 403, refused: 'ERR_JWKS_NO_MATCHING_KEY' })
  const log = JSON.stringify(door.lines)
  for (const secret of [token, next, decodeJwt(token).jti ?? '']) expect(log).not.toContain(secret)
})
