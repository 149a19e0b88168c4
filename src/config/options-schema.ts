import type { Logger } from 'pino'
import { z } from 'zod'
import { doorNames } from '../contract/doors.ts'
import { parseHostAndPort } from '../lib/host-policy.ts'
import { parseNetworkEntry } from '../lib/network-rule.ts'
import type { AuthConfig } from './auth-options.ts'
import { browserAccessOptions } from './browser-access.ts'
import { clusterSchema } from './cluster.ts'
import { databaseSchema } from './database.ts'
import { isolationOptions } from './isolation.ts'
import { limitsSchema } from './limits.ts'
import type { RateLimitConfig } from './options.ts'
import { pushSchema } from './push.ts'
import { tenantsSchema } from './tenants.ts'
import { tlsSchema } from './tls.ts'
import { tokensSchema } from './tokens.ts'

// A longer delay does not fit into a timer, which would fire at once.
const longestTimer = 2 ** 31 - 1
const duration = (minimum: number) => z.int().min(minimum).max(longestTimer)
const count = (minimum: number) => z.int().min(minimum)
const text = z.string().min(1)
const directory = text.refine(value => !value.includes('\0'), 'must not contain NUL')

/** A key in one of these headers would not prove that the caller meant to send it. */
const sentByBrowsers = new Set([
  'cookie',
  'host',
  'origin',
  'referer',
  'user-agent',
  'accept',
  'accept-language',
])

const rateLimit = {
  enabled: z.boolean().default(true),
  windowMs: duration(1).default(60_000),
  maxRequests: count(1).default(600),
}

const keyHashes = z
  .array(
    z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in hexadecimal')
      .toLowerCase(),
  )
  .default([])

const cloneUrls = z
  .array(
    text.regex(/^(https?|ssh|git):\/\/\S*$/, 'must be the beginning of a URL, such as https://example.com/'),
  )
  .default(['https://'])

const metrics = { apiKeys: z.array(text).default([]), keyHashes }

const auth = {
  enabled: z.boolean().default(true),
  apiKeyHeader: z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
    .toLowerCase()
    .refine(name => !sentByBrowsers.has(name), 'must not be a header that browsers send on their own')
    .default('x-api-key'),
  apiKeys: z.array(text).optional(),
  keyHashes,
  requireAuth: z.array(z.string()).optional(),
  tokens: tokensSchema.optional(),
}

/** The options of the library. */
export const optionsSchema = z.strictObject({
  console: z.boolean().default(true),
  doors: z.array(z.enum([...doorNames, 'all'])).default([]),
  sessionTimeout: duration(1).default(3_600_000),
  maxSessions: count(1).default(100),
  auth: z
    .strictObject({
      ...auth,
      authenticate: z
        .custom<NonNullable<AuthConfig['authenticate']>>(isFunction, 'must be a function')
        .optional(),
      authenticateTimeoutMs: duration(1).default(10_000),
      readsHeaderOnly: z.boolean().default(false),
    })
    .prefault({}),
  rateLimit: z
    .strictObject({
      ...rateLimit,
      keyGenerator: z
        .custom<NonNullable<RateLimitConfig['keyGenerator']>>(isFunction, 'must be a function')
        .optional(),
    })
    .prefault({}),
  openApiValidation: z
    .strictObject({ enabled: z.boolean().default(false), specPath: text.optional() })
    .prefault({}),
  limits: limitsSchema.prefault({}),
  metrics: z.strictObject(metrics).prefault({}),
  ...browserAccessOptions,
  dataDir: directory.optional(),
  database: databaseSchema.optional(),
  cluster: clusterSchema.prefault({}),
  defaultCwd: directory.optional(),
  defaultWorkspace: z.enum(['directory', 'empty']).default('directory'),
  sessionTitles: z.enum(['claude', 'off']).default('off'),
  allowedRoots: z.array(directory).min(1).optional(),
  workspacesDir: directory.optional(),
  cloneUrls,
  cloneTimeoutMs: duration(1).default(300_000),
  allowBypassPermissions: z.boolean().default(false),
  allowStdioMcpServers: z.boolean().default(false),
  allowedPrivateHosts: z
    .array(
      z
        .string()
        .refine(
          text => parseHostAndPort(text) !== undefined,
          'must be host:port, such as localhost:3000 or [::1]:3000',
        ),
    )
    .default([]),
  agentNetwork: z
    .union([
      z.enum(['none', 'all']),
      z.array(
        z
          .string()
          .refine(
            text => parseNetworkEntry(text) !== undefined,
            'must be a host, host:port or *.host, such as registry.npmjs.org or *.example.com:8443',
          ),
      ),
    ])
    .default('all'),
  allowHttpWebhooks: z.boolean().default(false),
  push: pushSchema.prefault({}),
  allowedSettingSources: z.array(z.enum(['user', 'project', 'local'])).default(['project']),
  trustedRoots: z.array(directory).optional(),
  trustedCloneUrls: z.array(directory).default([]),
  allowedAgentEnv: z
    .array(z.string().regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable'))
    .default([]),
  secretKeys: z.array(text).min(1).optional(),
  ...isolationOptions,
  idleTimeoutMs: duration(1).default(600_000),
  permissionParkMs: duration(0).default(600_000),
  watchdogMs: duration(0).default(600_000),
  maxQueuedTurns: count(0).default(16),
  maxWaitingTurns: count(0).default(1000),
  keepSpareProcess: z.boolean().default(true),
  maxLiveProcesses: count(1).optional(),
  maxProcessMemoryBytes: count(1).optional(),
  // Compared with times and not passed to a timer, so months are possible.
  eventRetentionMs: z.int().min(1).optional(),
  sessionRetentionMs: z.int().min(60_000).optional(),
  maxStoreBytes: z
    .int()
    .min(1024 * 1024)
    .optional(),
  tenants: tenantsSchema({ cloneUrls }),
  auditPrompts: z.boolean().default(false),
  auditRetentionMs: z
    .int()
    .min(24 * 60 * 60 * 1000)
    .optional(),
  drainTimeoutMs: duration(0).default(10_000),
  maxBodyBytes: count(1).default(10 * 1024 * 1024),
  maxUploadBytes: count(1).default(32 * 1024 * 1024),
  maxAttachmentBytesPerSession: count(0).default(256 * 1024 * 1024),
  agentEnv: z
    .record(z.string().regex(/^[^=\0]+$/, 'must be the name of an environment variable'), z.string())
    .optional(),
  claudeExecutable: text.optional(),
  logger: z.custom<Logger>(isLogger, 'must be a logger like those of pino').optional(),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  logFormat: z.enum(['auto', 'text', 'json']).default('auto'),
})

/** The options that are functions or objects of a program, which no file and no variable can hold. */
const { logger: _, ...plain } = optionsSchema.shape

/** The options of the server, as a file, variables and flags give them. */
export const serverOptionsSchema = z.strictObject({
  host: text.default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(3050),
  tls: tlsSchema.prefault({}),
  ...plain,
  auth: z.strictObject(auth).prefault({}),
  rateLimit: z.strictObject(rateLimit).prefault({}),
  metrics: z
    .strictObject({
      ...metrics,
      host: text.default('127.0.0.1'),
      port: z.int().min(0).max(65_535).optional(),
    })
    .prefault({}),
})

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function isLogger(value: unknown): boolean {
  const methods = ['info', 'warn', 'error', 'debug', 'child']
  return (
    typeof value === 'object' && value !== null && methods.every(name => isFunction(Reflect.get(value, name)))
  )
}
