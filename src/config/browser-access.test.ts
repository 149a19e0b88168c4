import { describe, expect, test } from 'vitest'
import type { ClaudeCodeApiConfig } from './options.ts'
import { resolveConfig } from './resolve-config.ts'

const resolve = (config: object, env = {}) => {
  const { cors, allowedHosts, publicUrl, trustProxy } = resolveConfig(config as ClaudeCodeApiConfig, env)
  return { origins: cors.origins, allowedHosts, publicUrl, trustProxy }
}

test('origins are kept as browsers write them', () => {
  const origins = [
    'https://App.Example:443',
    'http://localhost:5173',
    'chrome-extension://abcdef',
    'capacitor://localhost',
  ]
  expect(resolve({ cors: { origins } }).origins).toEqual(['https://app.example', ...origins.slice(1)])
})

test.each([
  '*',
  'null',
  '',
  'app.example',
  'https://app.example/',
  'https://app.example/x',
  'https://*.example',
  'https://a@b.example',
  'file://',
  'https://a.example, https://b.example',
])('cors.origins takes no %j', origin => {
  expect(() => resolve({ cors: { origins: [origin] } })).toThrow(/^cors\.origins\[0\]: must be an origin/)
})

test.each(['*', '', 'https://api.example', 'api.example/x', '*.example', 'a b', 'user@api.example'])(
  'allowedHosts takes no %j',
  host => {
    expect(() => resolve({ allowedHosts: [host] })).toThrow(/^allowedHosts\[0\]: must be a host name/)
  },
)

test.each([
  '',
  '/api/v1',
  'ftp://example.com',
  'https://u:p@example.com',
  'https://example.com/?a',
  'https://example.com/#a',
  'javascript:alert(1)',
])('publicUrl is not %j', publicUrl => {
  expect(() => resolve({ publicUrl })).toThrow(/^publicUrl: must be an http or https URL/)
})

test.each([-1, 1.5, null, {}, [1]])('trustProxy is not %j', trustProxy => {
  expect(() => resolve({ trustProxy })).toThrow(/^trustProxy: /)
})

describe('the environment', () => {
  test('gives what the code does not', () => {
    const env = {
      CLAUDE_CODE_API_CORS_ORIGINS: 'https://a.example, http://b.example',
      CLAUDE_CODE_API_ALLOWED_HOSTS: 'Api.Example,[::2]:80',
      CLAUDE_CODE_API_PUBLIC_URL: 'https://example.com/ai/api/v1/',
      CLAUDE_CODE_API_TRUST_PROXY: '1',
    }
    expect(resolve({}, env)).toEqual({
      origins: ['https://a.example', 'http://b.example'],
      allowedHosts: ['api.example', '[::2]:80'],
      publicUrl: 'https://example.com/ai/api/v1',
      trustProxy: 1,
    })
    expect(resolve({ trustProxy: false, cors: { origins: [] } }, env)).toMatchObject({
      origins: [],
      trustProxy: false,
    })
    expect(resolve({}, { CLAUDE_CODE_API_TRUST_PROXY: '', CLAUDE_CODE_API_PUBLIC_URL: '' })).toMatchObject({
      trustProxy: undefined,
    })
    expect(resolve({}, { CLAUDE_CODE_API_TRUST_PROXY: 'true' }).trustProxy).toBe(true)
    expect(resolve({}, { CLAUDE_CODE_API_TRUST_PROXY: 'loopback, 10.0.0.0/8' }).trustProxy).toBe(
      'loopback, 10.0.0.0/8',
    )
  })

  test('is named when it is wrong', () => {
    expect(() => resolve({}, { CLAUDE_CODE_API_PUBLIC_URL: 'example.com' })).toThrow(
      /^CLAUDE_CODE_API_PUBLIC_URL: /,
    )
    expect(() => resolve({}, { CLAUDE_CODE_API_CORS_ORIGINS: '*' })).toThrow(
      /^CLAUDE_CODE_API_CORS_ORIGINS: /,
    )
  })
})

test('a key of fewer than 16 characters is known as such, wherever it comes from', () => {
  const shortKeys = (config: object, env = {}) =>
    resolveConfig(config as ClaudeCodeApiConfig, env).auth.shortKeys
  expect(shortKeys({ auth: { apiKeys: ['x'.repeat(16), 'x'.repeat(15)] } })).toEqual(['auth.apiKeys[1]'])
  expect(shortKeys({}, { CLAUDE_API_KEYS: 'short', CLAUDE_API_KEY_1: 'x'.repeat(20) })).toEqual([
    'CLAUDE_API_KEYS',
  ])
})

test.each(['Cookie', 'host', 'ORIGIN', 'User-Agent'])('%s cannot carry the key', apiKeyHeader => {
  expect(() => resolveConfig({ auth: { apiKeyHeader } }, {})).toThrow(/^auth\.apiKeyHeader: /)
})
