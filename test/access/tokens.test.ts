import { hash } from 'node:crypto'
import { base64url, exportSPKI, SignJWT } from 'jose'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProviderKeys } from '../../src/access/tokens/provider-keys.ts'
import { TokenCallers, type TokensOptions } from '../../src/access/tokens/token-callers.ts'
import { tokensSchema } from '../../src/config/tokens.ts'
import { ServiceError } from '../../src/contract/errors.ts'
import type { Caller } from '../../src/sessions/records.ts'
import { audience, type Claims, inSeconds, type Key, makeKey, openKeyServer } from '../support/key-server.ts'
import { openOnce } from '../support/lifetime.ts'

const shared = openOnce(async () => {
  const key = await makeKey('RS256', 'first')
  const curve = await makeKey('ES256', 'curve')
  const provider = await openKeyServer([key, curve])
  const own = await makeKey('RS256', 'first')
  const attacker = { own, server: await openKeyServer([own]) }
  return { key, curve, provider, attacker, ...openCallers(provider.issuer) }
})

function openCallers(issuer: string, more: Partial<TokensOptions> = {}) {
  const log: object[] = []
  const options = tokensSchema.parse({ issuer, audiences: [audience], tenantClaim: 'org', ...more })
  const callers = new TokenCallers(options, { warn: fields => void log.push(fields) })
  /** The caller, or the reason of the refusal. */
  const find = async (token: string) => {
    let reason: string | undefined
    const known = await callers.find(token, given => {
      reason = given
    })
    return known?.caller ?? reason
  }
  return { callers, find, log }
}

const encode = (value: object) => base64url.encode(JSON.stringify(value))

describe('a token is refused', () => {
  const claims = (given: Claims, header = {}) => {
    const { provider, key } = shared()
    return provider.sign(key, given, header)
  }
  const cases: Record<string, [reason: string, make: () => string | Promise<string>]> = {
    'of another issuer': ['claim iss', () => claims({ iss: 'https://evil.example' })],
    'without an issuer': ['claim iss', () => claims({ iss: undefined })],
    'for another API': ['claim aud', () => claims({ aud: 'https://other.example' })],
    'for several other APIs': ['claim aud', () => claims({ aud: ['https://other.example', `${audience}/`] })],
    'for no API': ['claim aud', () => claims({ aud: undefined })],
    'for an audience that is an object': ['claim aud', () => claims({ aud: { 0: audience } })],
    'that has expired': ['expired', () => claims({ exp: inSeconds(-60) })],
    'that never expires': ['claim exp', () => claims({ exp: undefined })],
    'that expires after the end of time': ['claim exp', () => claims({ exp: 8_640_000_000_001 })],
    'whose expiry is a text': ['claim exp', () => claims({ exp: '9999999999' })],
    'that is not valid yet': ['claim nbf', () => claims({ nbf: inSeconds(300) })],
    'that was made in the future': ['claim iat', () => claims({ iat: inSeconds(300) })],
    'of another type': ['type', () => claims({}, { typ: 'logout+jwt' })],
    'that proves possession of a key': ['type', () => claims({}, { typ: 'dpop+jwt' })],
    'that is bound to a key': ['bound to a key of its caller', () => claims({ cnf: { jkt: 'x' } })],
    'without a subject': ['no subject in the claim sub', () => claims({ sub: undefined })],
    'with an empty subject': ['no subject in the claim sub', () => claims({ sub: '' })],
    'with a subject that is a number': ['no subject in the claim sub', () => claims({ sub: 7 })],
    'without a tenant': ['no tenant in the claim org', () => claims({ org: undefined })],
    'with a tenant that is null': ['no tenant in the claim org', () => claims({ org: null })],
    'with an invalid tenant': ['no valid name of a tenant in the claim org', () => claims({ org: '../etc' })],
    'of several tenants': ['several tenants in the claim org', () => claims({ org: ['acme', 'other'] })],
    'that is signed by nobody': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const [, payload] = (await claims({})).split('.')
        return `${encode({ alg: 'none', kid: 'first', typ: 'at+jwt' })}.${payload}.`
      },
    ],
    'that is signed with the public key as a shared secret': [
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const { key, provider } = shared()
        const secret = new TextEncoder().encode(await exportSPKI(key.publicKey))
        return new SignJWT({ iss: provider.issuer, aud: audience, sub: 'x', org: 'acme', exp: inSeconds(60) })
          .setProtectedHeader({ alg: 'HS256', kid: 'first', typ: 'at+jwt' })
          .sign(secret)
      },
    ],
    'whose header names another algorithm': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => {
        const [, payload, signature] = (await claims({})).split('.')
        return `${encode({ alg: 'PS256', kid: 'first', typ: 'at+jwt' })}.${payload}.${signature}`
      },
    ],
    'whose key is of another kind': [
      'ERR_JWKS_NO_MATCHING_KEY',
      async () => {
        const { provider, curve } = shared()
        return provider.sign(curve, {}, { kid: 'first' })
      },
    ],
    'whose claims were changed': [
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => {
        const [header, payload = '', signature] = (await claims({})).split('.')
        const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), org: 'other' }
        return `${header}.${encode(changed)}.${signature}`
      },
    ],
    'that brings a key of its own': ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', () => forged('first', 'jwk')],
    'that names a server of keys': ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', () => forged('first', 'jku')],
    'that names a certificate': ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', () => forged('first', 'x5u')],
    'whose key is a path': ['ERR_JWKS_NO_MATCHING_KEY', () => forged('../../../../dev/null', 'jku')],
    'whose key is a query': ['ERR_JWKS_NO_MATCHING_KEY', () => forged("' or 1=1 --", 'jku')],
    'whose key is an object': ['ERR_JWKS_NO_MATCHING_KEY', () => forged({ kid: 'first' }, 'jku')],
    'with an extension that is critical': [
      'ERR_JOSE_NOT_SUPPORTED',
      async () => {
        const [, payload, signature] = (await claims({})).split('.')
        const header = { alg: 'RS256', kid: 'first', typ: 'at+jwt', crit: ['http://x'], 'http://x': 1 }
        return `${encode(header)}.${payload}.${signature}`
      },
    ],
    'that is not JSON': ['ERR_JWT_INVALID', () => `${encode({ alg: 'RS256' })}.bm90IGpzb24.AAAA`],
    'that is a list': ['ERR_JWT_INVALID', () => `${encode({ alg: 'RS256' })}.${encode([])}.AAAA`],
    'that is very long': ['too long', () => `${'a'.repeat(9_000)}.${'b'.repeat(9_000)}.c`],
    'that is only dots': ['ERR_JWT_INVALID', () => 'a.b.'],
  }

  /** Signed by a key of the attacker, which the header names in one way or another. */
  function forged(kid: unknown, way: 'jwk' | 'jku' | 'x5u') {
    const { own, server } = shared().attacker
    const place = way === 'jwk' ? own.jwk : `${server.issuer}/keys`
    return shared().provider.sign(own, {}, { kid: kid as string, [way]: place })
  }

  test.each(Object.keys(cases))('%s', async name => {
    const [reason, make] = cases[name] as (typeof cases)[string]
    expect(await shared().find(await make())).toBe(reason)
    expect(shared().attacker.server.state.fetches).toBe(0)
  })
})

describe('a token is accepted', () => {
  // Times count from the test, not from when the file was read.
  test.each<[string, () => Claims, object]>([
    ['with one of several audiences', () => ({ aud: ['https://other.example', audience] }), {}],
    ['of the type of RFC 9068 in its long form', () => ({}), { typ: 'application/AT+JWT' }],
    ['of the general type', () => ({}), { typ: 'JWT' }],
    ['without a type', () => ({}), { typ: undefined }],
    ['without the time at which it was made', () => ({ iat: undefined }), {}],
    ['that has expired less than the skew ago', () => ({ exp: inSeconds(-10) }), {}],
    ['that is valid in a moment', () => ({ nbf: inSeconds(10), iat: inSeconds(10) }), {}],
    ['with a list of one tenant', () => ({ org: ['acme'] }), {}],
  ])('%s', async (_name, claims, header) => {
    const { provider, key, curve, find } = shared()
    expect(await find(await provider.sign(key, claims(), header))).toMatchObject({ tenantId: 'acme' })
    expect(await find(await provider.sign(curve, claims(), header))).toMatchObject({ tenantId: 'acme' })
  })

  test('for as long as it is valid', async () => {
    const { provider, key, callers } = shared()
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const brief = await callers.find(await provider.sign(key, { exp: inSeconds(-29) }), () => {})
    expect(brief?.isValid()).toBe(true)
    vi.advanceTimersByTime(1_001)
    expect(brief?.isValid()).toBe(false)
  })
})

describe('the caller of a token', () => {
  const find = async (claims: Claims, options: Partial<TokensOptions> = {}) => {
    const { provider, key } = shared()
    return openCallers(provider.issuer, options).find(await provider.sign(key, claims))
  }

  test('has the same id for each token of one subject, and another for each other', async () => {
    const { provider } = shared()
    const idOf = async (sub: string) => ((await find({ sub })) as Caller).keyId
    const own = await idOf('alice')
    expect(own).toBe(`token_${hash('sha256', JSON.stringify([provider.issuer, 'alice'])).slice(0, 32)}`)
    expect(await idOf('alice')).toBe(own)
    expect(await idOf('Alice')).not.toBe(own)
  })

  test('has the scopes that the claims name, but admin only where it is mapped', async () => {
    const scopesOf = async (claims: Claims, options: Partial<TokensOptions> = {}) => [
      ...((await find(claims, options)) as Caller).scopes,
    ]
    expect(await scopesOf({ scope: 'openid sessions:read usage:read admin' })).toEqual([
      'sessions:read',
      'usage:read',
    ])
    expect(await scopesOf({ scope: undefined, scp: ['sessions:write', 7, null] })).toEqual(['sessions:write'])
    expect(await scopesOf({ scope: undefined })).toEqual([])
    const byGroup = {
      scopeClaims: ['realm.roles', 'https://example.com/groups'],
      scopes: { readers: ['sessions:read'], owners: ['admin', 'sessions:read'] },
    } as const
    expect(await scopesOf({ realm: { roles: ['readers', 'toString', '__proto__'] } }, byGroup)).toEqual([
      'sessions:read',
    ])
    expect(await scopesOf({ 'https://example.com/groups': 'owners' }, byGroup)).toEqual([
      'admin',
      'sessions:read',
    ])
    expect(await scopesOf({ scope: 'admin sessions:read' }, byGroup)).toEqual([])
  })

  test('has the tenant that its value is mapped to, or the default one without the claim', async () => {
    const mapped = { tenants: { 'Acme Corp.': 'acme', 'org-7': 'seven' } }
    expect(await find({ org: 'Acme Corp.' }, mapped)).toMatchObject({ tenantId: 'acme' })
    expect(await find({ org: ['guests', 'org-7'] }, mapped)).toMatchObject({ tenantId: 'seven' })
    expect(await find({ org: 'acme' }, mapped)).toBe('no tenant in the claim org')
    expect(await find({ org: 'constructor' }, mapped)).toBe('no tenant in the claim org')
    const byDefault = { defaultTenant: 'guests' }
    expect(await find({ org: undefined }, byDefault)).toMatchObject({ tenantId: 'guests' })
    expect(await find({ org: '' }, byDefault)).toBe('no valid name of a tenant in the claim org')
    expect(await find({ org: 'nowhere' }, { ...mapped, ...byDefault })).toBe('no tenant in the claim org')
    expect(await find({}, { tenantClaim: undefined, defaultTenant: 'all' })).toMatchObject({
      tenantId: 'all',
    })
  })

  test('has a name that can be shown', async () => {
    expect(await find({ name: '\u001b[31m\u202eAlice\n', email: 'a@example.com' })).toMatchObject({
      name: 'Alice',
    })
    expect(await find({ name: { first: 'Al' }, email: 'a@example.com' })).toMatchObject({
      name: 'a@example.com',
    })
    expect(await find({})).toMatchObject({ name: null })
    expect(await find({ name: 'x'.repeat(1000) })).toMatchObject({ name: 'x'.repeat(200) })
  })
})

describe('the keys of the provider', () => {
  const open = async (keys: Key[], more: Partial<TokensOptions> = {}) => {
    const provider = await openKeyServer(keys)
    return { provider, ...openCallers(provider.issuer, more) }
  }

  test('are fetched once for many tokens, and again for a new key', async () => {
    const [key, next] = [await makeKey(), await makeKey()]
    const { provider, find } = await open([key])
    const tokens = await Promise.all(Array.from({ length: 20 }, () => provider.sign(key)))
    const found = await Promise.all(tokens.map(find))
    expect(found.every(caller => typeof caller === 'object')).toBe(true)
    expect(provider.state.fetches).toBe(1)
    provider.state.keys = [key.jwk, next.jwk]
    expect(await find(await provider.sign(next))).toMatchObject({ tenantId: 'acme' })
    expect(provider.state.fetches).toBe(2)
    expect(await find(await provider.sign(key))).toMatchObject({ tenantId: 'acme' })
    expect(provider.state.fetches).toBe(2)
  })

  test('are not fetched for tokens of strangers more than a few times', async () => {
    const { provider, find } = await open([await makeKey()])
    const stranger = await makeKey()
    for (let round = 0; round < 30; round++) {
      const token = await provider.sign(stranger, {}, { kid: crypto.randomUUID() })
      expect(await find(token)).toBe('ERR_JWKS_NO_MATCHING_KEY')
    }
    expect(provider.state.fetches).toBeLessThanOrEqual(6)
  })

  test('must be had from the address that is safe, in a form that is known', async () => {
    const key = await makeKey()
    const faults: [string, (state: Awaited<ReturnType<typeof openKeyServer>>['state']) => void][] = [
      ['the response has status 500', state => Object.assign(state, { status: 500 })],
      ['fetch failed: unexpected redirect', state => Object.assign(state, { status: 302 })],
      ['the response is not a JSON object', state => Object.assign(state, { body: '<html>secret' })],
      ['JSON Web Key Set malformed', state => Object.assign(state, { body: '{"keys":{}}' })],
      [
        'the response is larger than 524288 bytes',
        state => Object.assign(state, { body: `"${'x'.repeat(600_000)}"` }),
      ],
      [
        'the discovery document has another issuer',
        state => Object.assign(state.discovery, { issuer: 'https://evil.example' }),
      ],
      [
        'the jwks_uri of the discovery document is not an https URL',
        state => Object.assign(state.discovery, { jwks_uri: 'http://evil.example/keys' }),
      ],
      [
        'the jwks_uri of the discovery document is not an https URL',
        state => Object.assign(state.discovery, { jwks_uri: 'file:///etc/passwd' }),
      ],
      [
        'the discovery document has no jwks_uri',
        state => Object.assign(state.discovery, { jwks_uri: undefined }),
      ],
    ]
    for (const [reason, spoil] of faults) {
      const { provider, find, log } = await open([key])
      spoil(provider.state)
      const refused = find(await provider.sign(key))
      await expect(refused, reason).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' })
      await expect(refused).rejects.toBeInstanceOf(ServiceError)
      expect(log).toEqual([{ issuer: provider.issuer, reason }])
    }
  })

  test('stay in use while the provider is away, but not forever', async () => {
    const key = await makeKey()
    const provider = await openKeyServer([key])
    const log: object[] = []
    let now = 0
    const keys = new ProviderKeys({
      issuer: provider.issuer,
      jwksUrl: `${provider.issuer}/keys`,
      staleKeysMs: 3_600_000,
      log: { warn: fields => void log.push(fields) },
      now: () => now,
    })
    const find = () => keys.find({ alg: key.alg, kid: key.kid })
    await find()
    provider.state.status = 503
    now = 3_599_000
    expect(await find()).toMatchObject({ type: 'public' })
    expect(provider.state.fetches).toBe(2)
    expect(log).toHaveLength(1)
    now = 3_601_000
    await expect(find()).rejects.toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' })
    provider.state.status = 200
    provider.state.keys = [(await makeKey()).jwk]
    // The provider is back, and has taken the key away.
    await expect(find()).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  test('that are known serve while a provider is slow', async () => {
    const key = await makeKey()
    const provider = await openKeyServer([key])
    let now = 0
    const keys = new ProviderKeys({
      issuer: provider.issuer,
      jwksUrl: `${provider.issuer}/keys`,
      staleKeysMs: 3_600_000,
      log: { warn: () => {} },
      now: () => now,
    })
    await keys.find({ alg: key.alg, kid: key.kid })
    const { promise, resolve } = Promise.withResolvers<void>()
    provider.state.delay = promise
    now = 700_000
    expect(await keys.find({ alg: key.alg, kid: key.kid })).toMatchObject({ type: 'public' })
    resolve()
  })
})
