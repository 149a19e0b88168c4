import { createHash } from 'node:crypto'
import path from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { operationIds } from '../contract/operations.ts'
import { ConfigError } from '../lib/config-error.ts'
import { readMemoryLimit } from '../lib/memory-limit.ts'
import { limitsSchema } from './limits.ts'
import type { ClaudeCodeApiConfig } from './options.ts'
import { resolveConfig } from './resolve-config.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hashes = (config: ClaudeCodeApiConfig, env: Record<string, string> = {}) =>
  resolveConfig(config, env).auth.keys.map(({ hash }) => hash)

it('has the defaults of the contract', () => {
  expect(resolveConfig({}, { HOME: '/home/me' })).toEqual({
    console: true,
    doors: [],
    sessionTimeoutMs: 3_600_000,
    maxSessions: 100,
    metrics: { keys: [] },
    defaultWorkspace: 'directory',
    sessionTitles: 'off',
    auth: {
      enabled: true,
      apiKeyHeader: 'x-api-key',
      keys: [],
      shortKeys: [],
      tokens: undefined,
      authenticate: undefined,
      authenticateTimeoutMs: 10_000,
      readsHeaderOnly: false,
      protectedOperations: new Set(operationIds.filter(id => !['getHealth', 'getReadiness'].includes(id))),
    },
    rateLimit: { enabled: true, windowMs: 60_000, maxRequests: 600, keyGenerator: undefined },
    openApiValidation: { enabled: false, specPath: undefined },
    cors: { origins: [] },
    allowedHosts: [],
    dataDir: '/home/me/.local/share/claude-code-api',
    defaultCwd: process.cwd(),
    allowedRoots: [process.cwd()],
    workspacesDir: '/home/me/.local/share/claude-code-api/workspaces',
    cloneUrls: ['https://'],
    cloneTimeoutMs: 300_000,
    allowBypassPermissions: false,
    allowStdioMcpServers: false,
    allowHttpWebhooks: false,
    push: {
      enabled: true,
      allowedHosts: [],
      contact: 'https://www.npmjs.com/package/claude-code-http-api',
    },
    allowedPrivateHosts: [],
    agentNetwork: 'all',
    auditPrompts: false,
    limits: limitsSchema.parse({}),
    allowedSettingSources: ['project'],
    trustedRoots: [],
    trustedCloneUrls: [],
    tenants: new Map(),
    tenantLimits: new Map(),
    allowedAgentEnv: [],
    secretKeys: undefined,
    isolation: undefined,
    isolationLimits: {
      memoryBytes: 4 * 1024 ** 3,
      processes: 1024,
      temporaryBytes: 1024 ** 3,
      homeBytes: 1024 ** 3,
    },
    isolationPaths: [],
    allowWeakerBounds: false,
    maxWorkspaceBytes: 20 * 1024 ** 3,
    idleTimeoutMs: 600_000,
    permissionParkMs: 600_000,
    watchdogMs: 600_000,
    maxQueuedTurns: 16,
    maxWaitingTurns: 1000,
    maxProcessMemoryBytes: Math.floor(readMemoryLimit() * 0.6),
    keepSpareProcess: true,
    drainTimeoutMs: 10_000,
    maxBodyBytes: 10 * 1024 * 1024,
    maxUploadBytes: 32 * 1024 * 1024,
    maxAttachmentBytesPerSession: 256 * 1024 * 1024,
    agentEnvironment: { HOME: '/home/me' },
    claudeExecutable: undefined,
    logger: undefined,
    logLevel: 'info',
    logFormat: 'auto',
  })
})

it('takes an option before the environment, and that before the default', () => {
  const env = {
    CLAUDE_CODE_API_DATA_DIR: '/env/data',
    CLAUDE_CODE_API_ROOTS: ['/env/a', '', '/env/b'].join(path.delimiter),
    XDG_DATA_HOME: '/xdg',
    CLAUDE_API_KEY: 'env',
  }
  expect(resolveConfig({}, env)).toMatchObject({ dataDir: '/env/data', allowedRoots: ['/env/a', '/env/b'] })
  const config = { dataDir: '/option', allowedRoots: ['/option/a'], auth: { apiKeys: ['option'] } }
  expect(resolveConfig(config, env)).toMatchObject({ dataDir: '/option', allowedRoots: ['/option/a'] })
  expect(hashes(config, env)).toEqual([sha256('option')])
  expect(resolveConfig({}, { XDG_DATA_HOME: '/xdg' }).dataDir).toBe('/xdg/claude-code-api')
  expect(resolveConfig({ defaultCwd: '/work' }, {}).allowedRoots).toEqual(['/work'])
})

describe('the memory of processes', () => {
  const variable = 'CLAUDE_CODE_API_MAX_PROCESS_MEMORY_BYTES'

  it('is taken from the option, else the environment', () => {
    const env = { [variable]: '3000000000' }
    expect(resolveConfig({}, env).maxProcessMemoryBytes).toBe(3_000_000_000)
    expect(resolveConfig({ maxProcessMemoryBytes: 5 }, env).maxProcessMemoryBytes).toBe(5)
    expect(resolveConfig({}, { [variable]: '' }).maxProcessMemoryBytes).toBeGreaterThan(0)
  })

  it.each(['4 GB', '0', '-1', '1e9'])('is not %j', text => {
    expect(() => resolveConfig({}, { [variable]: text })).toThrow(variable)
  })
})

describe('keys', () => {
  it('come from every variable, once each', () => {
    const env = {
      CLAUDE_API_KEY: 'a',
      CLAUDE_API_KEYS: ' b, c,,a ',
      CLAUDE_API_KEY_10: 'e',
      CLAUDE_API_KEY_2: 'd',
      CLAUDE_API_KEY_NAME: 'not a key',
    }
    expect(hashes({}, env)).toEqual(['a', 'b', 'c', 'd', 'e'].map(sha256))
  })

  it('none in the configuration means none, whatever the environment says', () => {
    expect(hashes({ auth: { apiKeys: [] } }, { CLAUDE_API_KEY: 'a' })).toEqual([])
  })

  it('may come as hashes', () => {
    expect(hashes({ auth: { apiKeys: ['a'], keyHashes: [sha256('b').toUpperCase(), sha256('a')] } })).toEqual(
      ['a', 'b'].map(sha256),
    )
  })

  it('are not kept', () => {
    const resolved = resolveConfig({ auth: { apiKeys: ['very-secret'] } }, { CLAUDE_API_KEY: 'also-secret' })
    expect(JSON.stringify(resolved)).not.toContain('secret')
    expect(resolved.auth.keys[0]?.id).toBe(sha256('very-secret').slice(0, 8))
  })
})

describe('requireAuth', () => {
  const matched = (...patterns: string[]) => [
    ...resolveConfig({ auth: { requireAuth: patterns } }, {}).auth.protectedOperations,
  ]

  it('names operations by method and path, or by path alone', () => {
    expect(matched('POST /sessions/:id/messages', 'get /models')).toEqual(['sendMessage', 'listModels'])
    expect(matched('/sessions/{whatever}')).toEqual(['getSession', 'patchSession', 'endSession'])
    expect(matched()).toEqual([])
  })

  it.each(['/nowhere', 'PUT /sessions', 'sessions', '', 'POST /sessions/:id/message'])(
    'refuses %j',
    pattern => {
      expect(() => matched('/models', pattern)).toThrow(
        /^auth\.requireAuth\[1\]: .* does not match any operation$/,
      )
    },
  )
})

it.each<[field: string, config: unknown]>([
  ['maxSession', { maxSession: 5 }],
  ['auth.apiKey', { auth: { apiKey: 'x' } }],
  ['rateLimit.max', { rateLimit: { max: 1 } }],
  ['maxSessions', { maxSessions: 0 }],
  ['maxSessions', { maxSessions: '5' }],
  ['sessionTimeout', { sessionTimeout: 1.5 }],
  ['sessionTimeout', { sessionTimeout: Number.POSITIVE_INFINITY }],
  ['idleTimeoutMs', { idleTimeoutMs: 2 ** 31 }],
  ['drainTimeoutMs', { drainTimeoutMs: -1 }],
  ['auth.apiKeys[1]', { auth: { apiKeys: ['good', 7] } }],
  ['auth.apiKeys[1]', { auth: { apiKeys: ['good', 'with space'] } }],
  ['auth.apiKeys[0]', { auth: { apiKeys: [''] } }],
  ['auth.keyHashes[0]', { auth: { keyHashes: ['abc'] } }],
  ['auth.apiKeyHeader', { auth: { apiKeyHeader: 'not a header' } }],
  ['auth.enabled', { auth: { enabled: 'no' } }],
  ['auth', { auth: null }],
  ['rateLimit.keyGenerator', { rateLimit: { keyGenerator: 'ip' } }],
  ['allowedRoots', { allowedRoots: [] }],
  ['dataDir', { dataDir: '' }],
  ['workspacesDir', { workspacesDir: '' }],
  ['allowedPrivateHosts[1]', { allowedPrivateHosts: ['localhost:1', 'http://localhost:2'] }],
  ['agentNetwork', { agentNetwork: 'some' }],
  ['agentNetwork[1]', { agentNetwork: ['*.a.example', 'https://b.example'] }],
  ['cloneUrls[1]', { cloneUrls: ['https://example.com/', 'ext::'] }],
  ['cloneTimeoutMs', { cloneTimeoutMs: 0 }],
  ['agentEnv.A', { agentEnv: { A: 1 } }],
  ['allowedAgentEnv[0]', { allowedAgentEnv: ['A B'] }],
  ['allowedSettingSources[0]', { allowedSettingSources: ['managed'] }],
  ['secretKeys', { secretKeys: [] }],
  ['secretKeys[1]', { secretKeys: ['a'.repeat(64), 'too short'] }],
  ['logger', { logger: {} }],
  ['logLevel', { logLevel: 'loud' }],
  ['config', null],
])('refuses a wrong %s by its name', (field, config) => {
  const attempt = () => resolveConfig(config as ClaudeCodeApiConfig, {})
  expect(attempt).toThrow(ConfigError)
  expect(attempt).toThrow(expect.objectContaining({ field, message: expect.stringContaining(`${field}: `) }))
})

it('names the variable of a wrong key', () => {
  expect(() => resolveConfig({}, { CLAUDE_API_KEYS: 'a,b c' })).toThrow(/^CLAUDE_API_KEYS: /)
})

it('takes keys for secrets from the options, else from the environment, and never repeats one that is wrong', () => {
  const [first, second] = ['1a'.repeat(32), `${'A'.repeat(42)}Q=`]
  const inEnvironment = { CLAUDE_CODE_API_SECRET_KEY: `${first}, ${second}` }
  expect(resolveConfig({}, inEnvironment).secretKeys?.map(key => key.length)).toEqual([32, 32])
  expect(resolveConfig({ secretKeys: [second] }, inEnvironment).secretKeys).toHaveLength(1)
  const attempt = () => resolveConfig({}, { CLAUDE_CODE_API_SECRET_KEY: 'hunter2' })
  expect(attempt).toThrow(/^CLAUDE_CODE_API_SECRET_KEY: (?!.*hunter2)/)
})

it('takes a logger', () => {
  const logger = pino({ level: 'silent' })
  expect(resolveConfig({ logger }, {}).logger).toBe(logger)
})
