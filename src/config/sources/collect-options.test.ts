import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../lib/config-error.ts'
import { resolveConfig } from '../resolve-config.ts'
import { collectOptions, findUnknownVariables, nameSource } from './collect-options.ts'
import { describeOptions } from './describe-options.ts'
import { serverOptions } from './server-option.ts'

const file = { path: '/etc/api.yaml', content: { port: 1, maxSessions: 2, rateLimit: { maxRequests: 3 } } }

describe('the options of the server', () => {
  test('a flag counts before the environment, the environment before the file', () => {
    const env = { CLAUDE_CODE_API_MAX_SESSIONS: '20', CLAUDE_CODE_API_PORT: '30' }
    const { options, sources } = collectOptions({ port: { flag: '--port', value: 300 } }, env, file)
    expect(options).toEqual({ port: 300, maxSessions: 20, rateLimit: { maxRequests: 3 } })
    expect(Object.fromEntries(sources)).toEqual({
      port: { kind: 'flag', name: '--port' },
      maxSessions: { kind: 'variable', name: 'CLAUDE_CODE_API_MAX_SESSIONS' },
      'rateLimit.maxRequests': { kind: 'file', name: 'rateLimit.maxRequests in /etc/api.yaml' },
    })
  })

  test('each has a variable of its own', () => {
    const names = serverOptions.flatMap(({ variable, aliases }) => [variable, ...aliases])
    expect(new Set(names).size).toBe(names.length)
    expect(serverOptions.length).toBeGreaterThan(60)
    expect(serverOptions.every(({ variable }) => /^CLAUDE_CODE_API(_[A-Z]+)+$/.test(variable))).toBe(true)
  })

  test.each([
    ['CLAUDE_CODE_API_LIMITS_STREAMS_PER_KEY', '7', { limits: { streamsPerKey: 7 } }],
    ['CLAUDE_CODE_API_KEEP_SPARE_PROCESS', 'false', { keepSpareProcess: false }],
    ['CLAUDE_CODE_API_CLONE_URLS', 'https://a/, https://b/', { cloneUrls: ['https://a/', 'https://b/'] }],
    ['CLAUDE_CODE_API_ROOTS', '/a:/b', { allowedRoots: ['/a', '/b'] }],
    ['CLAUDE_CODE_API_ALLOWED_ROOTS', '/a,b', { allowedRoots: ['/a,b'] }],
    ['CLAUDE_CODE_API_AGENT_ENV', '{"A":"b"}', { agentEnv: { A: 'b' } }],
    ['CLAUDE_CODE_API_AGENT_NETWORK', 'none', { agentNetwork: 'none' }],
    ['CLAUDE_CODE_API_AGENT_NETWORK', 'a.test, *.b.test:8443', { agentNetwork: ['a.test', '*.b.test:8443'] }],
    ['CLAUDE_CODE_API_TRUST_PROXY', '2', { trustProxy: 2 }],
    ['CLAUDE_CODE_API_DATABASE_SCHEMA', 'mine', { database: { schema: 'mine' } }],
    ['DATABASE_URL', 'postgres://h/d', { database: { url: 'postgres://h/d' } }],
    ['CLAUDE_CODE_API_AUTH_TOKENS_AUDIENCES', 'a, b', { auth: { tokens: { audiences: ['a', 'b'] } } }],
    [
      'CLAUDE_CODE_API_AUTH_TOKENS_SCOPES',
      '{"staff":["admin"]}',
      { auth: { tokens: { scopes: { staff: ['admin'] } } } },
    ],
    ['HOST', '::1', { host: '::1' }],
    ['PORT', '8080', { port: 8080 }],
    ['PORT', '', {}],
    ['CLAUDE_CODE_API_PORT', 'tcp://10.0.0.1:3050', {}],
    // The library reads it itself.
    ['CLAUDE_API_KEY_3', 'a-key-of-the-environment', {}],
  ])('%s=%s', (name, text, expected) => {
    expect(collectOptions({}, { [name]: text }, undefined).options).toEqual(expected)
  })

  test.each([
    ['CLAUDE_CODE_API_MAX_SESSIONS', 'many', 'must be a whole number'],
    ['CLAUDE_CODE_API_MAX_SESSIONS', '1e3', 'must be a whole number'],
    ['CLAUDE_CODE_API_KEEP_SPARE_PROCESS', 'no', 'must be true or false'],
    ['CLAUDE_CODE_API_AGENT_ENV', '["A"]', 'must be a JSON object'],
    ['CLAUDE_CODE_API_AGENT_ENV', 'A=b', 'must be a JSON object'],
    ['PORT', '80a', 'must be a whole number'],
  ])('%s=%s is refused by its name', (name, text, problem) => {
    expect(() => collectOptions({}, { [name]: text }, undefined)).toThrow(`${name}: ${problem}`)
  })

  test('keys of the environment count before those of the file', () => {
    const keys = { path: '/f', content: { auth: { apiKeys: ['of-the-file-0123456'] }, secretKeys: ['x'] } }
    const env = { CLAUDE_API_KEYS: 'of-the-environment', CLAUDE_CODE_API_SECRET_KEY: 'y' }
    expect(collectOptions({}, env, keys).options).toEqual({})
    expect(collectOptions({}, {}, keys).options).toEqual(keys.content)
    const blank = { CLAUDE_API_KEYS: ' , ', CLAUDE_CODE_API_SECRET_KEY: ',' }
    expect(collectOptions({}, blank, keys).options).toEqual(keys.content)
  })

  test('a fault is named by what sets the option', () => {
    const env = { CLAUDE_CODE_API_AGENT_ENV: '{"A":"b"}' }
    const { sources } = collectOptions({ 'auth.enabled': { flag: '--no-auth', value: false } }, env, file)
    const named = (field: string) => nameSource(new ConfigError(field, 'is wrong'), sources).message
    expect(named('auth.enabled')).toBe('--no-auth: is wrong')
    expect(named('rateLimit.maxRequests')).toBe('rateLimit.maxRequests in /etc/api.yaml: is wrong')
    expect(named('agentEnv.A')).toBe('CLAUDE_CODE_API_AGENT_ENV: is wrong')
    expect(named('allowedRoots[1]')).toBe('allowedRoots[1]: is wrong')
  })
})

test('variables that set no option are found', () => {
  const env = {
    CLAUDE_CODE_API_MAX_SESSION: '5',
    CLAUDE_CODE_API_MAX_SESSIONS: '5',
    CLAUDE_CODE_API_ROOTS: '/',
    CLAUDE_CODE_API_CONFIG: '/f',
    CLAUDE_CODE_API_PORT_3050_TCP: 'tcp://10.0.0.1:3050',
    CLAUDE_CODE_API_SERVICE_HOST: '10.0.0.1',
    PATH: '/bin',
  }
  expect(findUnknownVariables(env)).toEqual(['CLAUDE_CODE_API_MAX_SESSION'])
})

test('what is in force is described without secrets', () => {
  const env = {
    CLAUDE_API_KEY: 'an-api-key-of-the-environment',
    DATABASE_URL: 'postgres://me:hidden-word@h/d?sslpassword=hidden-too',
    CLAUDE_CODE_API_AGENT_ENV: '{"TOKEN":"hidden-as-well"}',
    CLAUDE_CODE_API_SECRET_KEY: 'ab'.repeat(32),
  }
  const collected = collectOptions({}, env, file)
  const { host: _, port: __, ...options } = collected.options
  const described = describeOptions(collected, resolveConfig(options, env))
  const text = JSON.stringify(described)
  for (const secret of ['key-of-the-environment', 'hidden-word', 'hidden-too', 'hidden-as-well', 'abab']) {
    expect(text).not.toContain(secret)
  }
  const find = (name: string) => described.find(({ option }) => option === name)
  expect(find('auth.apiKeys')).toMatchObject({ value: ['***'], source: 'CLAUDE_API_KEY' })
  expect(find('secretKeys')).toMatchObject({ value: ['***'], source: 'CLAUDE_CODE_API_SECRET_KEY' })
  expect(find('agentEnv')).toMatchObject({ value: { TOKEN: '***' } })
  expect(find('database.url')?.value).toMatch(/^postgres:\/\/me:\*\*\*@h\/d/)
  expect(find('maxSessions')).toMatchObject({ value: 2, source: 'maxSessions in /etc/api.yaml' })
  const hashes = collectOptions({}, {}, { path: '/f', content: { auth: { keyHashes: ['0'.repeat(64)] } } })
  expect(describeOptions(hashes, resolveConfig(hashes.options, {}))).toContainEqual(
    expect.objectContaining({ option: 'auth.apiKeys', value: null, source: 'default' }),
  )
  expect(find('idleTimeoutMs')).toMatchObject({ value: 600_000, source: 'default' })
})
