import { homedir } from 'node:os'
import path from 'node:path'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { type DoorName, doorNames } from '../contract/doors.ts'
import type { OperationId } from '../contract/operations.ts'
import type { SettingSource } from '../contract/session-settings.ts'
import { ConfigError } from '../lib/config-error.ts'
import { toPath } from '../lib/json-flaws.ts'
import { buildAgentEnvironment } from './agent-environment.ts'
import {
  checkKey,
  findKeysInEnvironment,
  hashApiKey,
  minimumKeyLength,
  type ResolvedApiKey,
  toApiKey,
} from './api-keys.ts'
import type { AuthConfig } from './auth-options.ts'
import { type BrowserAccess, resolveBrowserAccess } from './browser-access.ts'
import { type ResolvedCluster, resolveCluster } from './cluster.ts'
import type { ResolvedDatabase } from './database.ts'
import type { Environment } from './env.ts'
import type { ResolvedIsolationLimits } from './isolation.ts'
import type { ResolvedLimits } from './limits.ts'
import type { ClaudeCodeApiConfig, RateLimitConfig } from './options.ts'
import { optionsSchema } from './options-schema.ts'
import { resolveProcessMemory } from './process-memory.ts'
import type { ResolvedPush } from './push.ts'
import { matchOperations, operationsWithKey } from './require-auth.ts'
import { resolveSecretKeys } from './secret-keys.ts'
import { type ResolvedTenants, resolveTenants } from './tenants.ts'
import type { ResolvedTokens } from './tokens.ts'
import { resolveTrustedPlaces, type TrustedPlaces } from './trusted-places.ts'

/** The configuration with all defaults filled in. Times are in milliseconds, paths are absolute. */
export interface ResolvedConfig extends TrustedPlaces, BrowserAccess, ResolvedTenants {
  /** Whether the console is served. */
  console: boolean
  doors: readonly DoorName[]
  sessionTimeoutMs: number
  maxSessions: number
  metrics: {
    keys: readonly ResolvedApiKey[]
  }
  auth: {
    enabled: boolean
    /** Lower case. */
    apiKeyHeader: string
    keys: readonly ResolvedApiKey[]
    /** The sources of keys that are short enough to be guessed, such as `auth.apiKeys[0]`. */
    shortKeys: readonly string[]
    /** Undefined: keys identify callers. */
    authenticate: AuthConfig['authenticate']
    authenticateTimeoutMs: number
    readsHeaderOnly: boolean
    /** Undefined: no tokens are accepted. */
    tokens: ResolvedTokens | undefined
    /** The operations that need a key. */
    protectedOperations: ReadonlySet<OperationId>
  }
  rateLimit: {
    enabled: boolean
    windowMs: number
    maxRequests: number
    keyGenerator: RateLimitConfig['keyGenerator']
  }
  openApiValidation: { enabled: boolean; specPath: string | undefined }
  limits: ResolvedLimits
  dataDir: string
  /** Undefined: a file in `dataDir`. */
  database: ResolvedDatabase | undefined
  /** Undefined: the server has its store for itself. */
  cluster: ResolvedCluster | undefined
  defaultCwd: string
  defaultWorkspace: NonNullable<ClaudeCodeApiConfig['defaultWorkspace']>
  sessionTitles: NonNullable<ClaudeCodeApiConfig['sessionTitles']>
  allowedRoots: readonly string[]
  workspacesDir: string
  cloneUrls: readonly string[]
  cloneTimeoutMs: number
  allowBypassPermissions: boolean
  allowStdioMcpServers: boolean
  /** `host:port`. */
  allowedPrivateHosts: readonly string[]
  agentNetwork: NonNullable<ClaudeCodeApiConfig['agentNetwork']>
  allowHttpWebhooks: boolean
  push: ResolvedPush
  allowedSettingSources: readonly SettingSource[]
  allowedAgentEnv: readonly string[]
  /** Keys of 32 bytes each; the first one seals. Undefined: the keys of the file in the data directory. */
  secretKeys: readonly Buffer[] | undefined
  /** Undefined: the operator has not decided, and processes run without a box. */
  isolation: 'none' | 'process' | undefined
  isolationLimits: ResolvedIsolationLimits
  isolationPaths: readonly string[]
  allowWeakerBounds: boolean
  maxWorkspaceBytes: number
  idleTimeoutMs: number
  permissionParkMs: number
  /** 0: off. */
  watchdogMs: number
  maxQueuedTurns: number
  maxWaitingTurns: number
  /** Undefined: memory alone bounds the processes. */
  maxLiveProcesses: number | undefined
  maxProcessMemoryBytes: number
  keepSpareProcess: boolean
  /** Undefined: events are kept forever. */
  eventRetentionMs: number | undefined
  /** Undefined: sessions are kept forever. */
  sessionRetentionMs: number | undefined
  /** Undefined: the store may have any size. */
  maxStoreBytes: number | undefined
  auditPrompts: boolean
  /** Undefined: entries of the audit log are kept forever. */
  auditRetentionMs: number | undefined
  drainTimeoutMs: number
  maxBodyBytes: number
  maxUploadBytes: number
  maxAttachmentBytesPerSession: number
  /** The whole environment of Claude Code processes. */
  agentEnvironment: Readonly<Record<string, string>>
  claudeExecutable: string | undefined
  logger: Logger | undefined
  logLevel: NonNullable<ClaudeCodeApiConfig['logLevel']>
  logFormat: NonNullable<ClaudeCodeApiConfig['logFormat']>
}

/**
 * Fills in defaults. Options take precedence over the environment, the environment over defaults.
 *
 * @param env the environment, for example from `readEnvironment()`
 * @throws ConfigError that names the first invalid or unknown field
 */
export function resolveConfig(config: ClaudeCodeApiConfig, env: Environment): ResolvedConfig {
  const result = optionsSchema.safeParse(config)
  if (!result.success) throw toConfigError(result.error)
  const { auth, metrics, sessionTimeout, agentEnv, claudeExecutable, logger, secretKeys, ...options } =
    result.data
  const { trustedRoots, trustedCloneUrls } = options
  const roots = (options.allowedRoots ?? findRoots(env))?.map(root => path.resolve(root))
  const dataDir = path.resolve(options.dataDir ?? findDataDir(env))
  const defaultCwd = path.resolve(options.defaultCwd ?? chooseDefaultCwd(roots))
  const workspacesDir = path.resolve(options.workspacesDir ?? path.join(dataDir, 'workspaces'))
  const allowedRoots = roots ?? [defaultCwd]
  const directories = { allowedRoots, dataDir, workspacesDir }
  return {
    ...options,
    doors: doorNames.filter(name => options.doors.includes(name) || options.doors.includes('all')),
    ...resolveTrustedPlaces({ trustedRoots, trustedCloneUrls }, directories, env),
    ...resolveTenants(options.tenants, { dataDir, workspacesDir }),
    sessionTimeoutMs: sessionTimeout,
    auth: {
      enabled: auth.enabled,
      apiKeyHeader: auth.apiKeyHeader,
      ...collectKeys(auth, env),
      tokens: auth.tokens,
      authenticate: auth.authenticate,
      authenticateTimeoutMs: auth.authenticateTimeoutMs,
      readsHeaderOnly: auth.readsHeaderOnly,
      protectedOperations: auth.requireAuth
        ? matchOperations('auth.requireAuth', auth.requireAuth)
        : operationsWithKey(),
    },
    metrics: { keys: toKeys('metrics.apiKeys', metrics) },
    rateLimit: { ...options.rateLimit, keyGenerator: options.rateLimit.keyGenerator },
    openApiValidation: {
      enabled: options.openApiValidation.enabled,
      specPath: options.openApiValidation.specPath,
    },
    ...resolveBrowserAccess(options, env),
    dataDir,
    database: options.database,
    cluster: resolveCluster(options.cluster, options.database !== undefined),
    workspacesDir,
    defaultCwd,
    allowedRoots,
    isolation: options.isolation,
    maxLiveProcesses: options.maxLiveProcesses,
    maxProcessMemoryBytes: resolveProcessMemory(options.maxProcessMemoryBytes, env),
    eventRetentionMs: options.eventRetentionMs,
    sessionRetentionMs: options.sessionRetentionMs,
    maxStoreBytes: options.maxStoreBytes,
    auditRetentionMs: options.auditRetentionMs,
    agentEnvironment: buildAgentEnvironment(env, agentEnv),
    secretKeys: resolveSecretKeys(secretKeys, env),
    claudeExecutable,
    logger,
  }
}

type GivenAuth = z.output<typeof optionsSchema>['auth']

function toKeys(field: string, { apiKeys, keyHashes }: { apiKeys: string[]; keyHashes: string[] }) {
  const hashes = apiKeys.map((key, index) => hashApiKey(checkKey(`${field}[${index}]`, key)))
  return [...new Set([...hashes, ...keyHashes])].map(toApiKey)
}

/** Hashes the keys at once, so that no key can be logged or shown by mistake. */
function collectKeys({ apiKeys, keyHashes, authenticate, ...auth }: GivenAuth, env: Environment) {
  if (authenticate) {
    refuseBesideHost({ apiKeys, keyHashes: keyHashes.length > 0 || undefined, tokens: auth.tokens })
    if (!auth.enabled) throw new ConfigError('auth.authenticate', 'has no effect without auth.enabled')
    // Keys of the environment may belong to another program of the host.
    return { keys: [], shortKeys: [] }
  }
  const given =
    apiKeys?.map((key, index) => ({ name: `auth.apiKeys[${index}]`, key })) ?? findKeysInEnvironment(env)
  const keys = given.map(({ name, key }) => checkKey(name, key))
  return {
    keys: [...new Set([...keys.map(hashApiKey), ...keyHashes])].map(toApiKey),
    shortKeys: given.flatMap(({ name, key }) => (key.length < minimumKeyLength ? [name] : [])),
  }
}

/** @throws ConfigError */
function refuseBesideHost(others: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue
    throw new ConfigError(`auth.${name}`, 'cannot be used together with auth.authenticate, which replaces it')
  }
}

function findDataDir(env: Environment): string {
  if (env.CLAUDE_CODE_API_DATA_DIR) return env.CLAUDE_CODE_API_DATA_DIR
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_DATA_HOME
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(env.HOME || homedir(), '.local', 'share')
  return path.join(base, 'claude-code-api')
}

/** Returns the directory of this process, or the first root if that directory is outside the roots. */
function chooseDefaultCwd(roots: string[] | undefined): string {
  const cwd = process.cwd()
  const [first] = roots ?? []
  return first === undefined || roots?.some(root => cwd === root || cwd.startsWith(root + path.sep))
    ? cwd
    : first
}

function findRoots(env: Environment): string[] | undefined {
  const roots = env.CLAUDE_CODE_API_ROOTS?.split(path.delimiter).filter(root => root !== '')
  return roots?.length ? roots : undefined
}

/** The first issue, as the error that names its field. */
export function toConfigError({ issues }: z.ZodError): ConfigError {
  const [issue] = issues
  if (issue?.code === 'unrecognized_keys') {
    return new ConfigError(toPath([...issue.path, issue.keys[0] ?? '']), 'is not an option')
  }
  return new ConfigError(toPath(issue?.path ?? []) || 'config', issue?.message ?? 'is not valid')
}
