import { expect, it } from 'vitest'
import { resolveConfig } from './resolve-config.ts'

const given = { issuer: 'https://login.example/a', audiences: ['api'], defaultTenant: 'default' }
const resolve = (tokens: object) =>
  resolveConfig({ auth: { tokens: { ...given, ...tokens } } }, {}).auth.tokens

it('has defaults for everything but the provider, the audience and the tenant', () => {
  expect(resolve({})).toEqual({
    ...given,
    algorithms: [
      ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
      ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
    ],
    types: ['at+jwt', 'jwt'],
    clockSkewMs: 30_000,
    staleKeysMs: 3_600_000,
    subjectClaim: 'sub',
    scopeClaims: ['scope', 'scp'],
    nameClaims: ['name', 'preferred_username', 'email', 'client_id'],
  })
  expect(
    resolve({ issuer: 'http://127.0.0.1:1/', jwksUrl: 'http://localhost/keys', types: ['JWT'] }),
  ).toEqual(expect.objectContaining({ issuer: 'http://127.0.0.1:1/', types: ['jwt'] }))
})

it.each([
  ['issuer', { issuer: 'http://login.example' }],
  ['issuer', { issuer: 'login.example' }],
  ['issuer', { issuer: 'https://login.example/?a' }],
  ['issuer', { issuer: 'https://me:secret@login.example' }],
  ['jwksUrl', { jwksUrl: 'file:///etc/keys' }],
  ['audiences', { audiences: [] }],
  ['audiences[0]', { audiences: [''] }],
  ['algorithms[1]', { algorithms: ['RS256', 'HS256'] }],
  ['algorithms[0]', { algorithms: ['none'] }],
  ['defaultTenant', { defaultTenant: undefined }],
  ['defaultTenant', { defaultTenant: 'Not A Name' }],
  ['tenants', { tenants: { a: 'a' } }],
  ['tenants.a', { tenantClaim: 'org', tenants: { a: '../a' } }],
  ['scopes.staff[0]', { scopes: { staff: ['everything'] } }],
  ['clockSkewMs', { clockSkewMs: 3_600_000 }],
  ['staleKeysMs', { staleKeysMs: 0 }],
  ['secret', { secret: 'x' }],
])('names %s where it is wrong', (field, tokens) => {
  expect(() => resolve(tokens)).toThrow(expect.objectContaining({ field: `auth.tokens.${field}` }))
})
