import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { minimumKeyLength } from '../config/api-keys.ts'
import { readEnvironment } from '../config/env.ts'
import type { ClaudeCodeApiConfig, MetricsConfig } from '../config/options.ts'
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts'
import type { ResolvedTls } from '../config/tls.ts'
import { ConfigError } from '../lib/config-error.ts'
import { isLoopbackAddress } from '../lib/host-name.ts'
import type { AgentInspection } from '../sessions/ports/index.ts'
import { assembleApi } from './create-api.ts'
import { answerElsewhere } from './elsewhere.ts'
import { beyondLoopback, requireChoice } from './isolation.ts'
import { toListenError } from './listen-error.ts'
import { serveMetrics } from './metrics/metrics-server.ts'
import { ensureServerKey } from './server-key.ts'
import { limitConnections, toServerOptions } from './server-limits.ts'
import { announceHttps, createSecureServer } from './tls/secure-server.ts'
import { ServerCertificate } from './tls/server-certificate.ts'

export const mountPath = '/api/v1'
export const consolePath = '/console'

type AgentEnvironment = ResolvedConfig['agentEnvironment']

export interface ServeOptions extends Omit<ClaudeCodeApiConfig, 'metrics'> {
  host: string
  /** 0 picks a free one. */
  port: number
  /** Undefined: plain HTTP. */
  tls?: ResolvedTls | undefined
  metrics?: MetricsConfig & {
    host?: string
    /** An address of its own for the metrics; undefined: none. */
    port?: number | undefined
  }
}

export interface RunningServer {
  /** The address of the server, without the mount path. */
  readonly url: string
  /** The address of the console; undefined: it is off. */
  readonly consoleUrl: string | undefined
  /** The address of the metrics, if they have one of their own. */
  readonly metricsUrl: string | undefined
  /** The API key, if it was created at this start; it cannot be shown again later. */
  readonly madeKey: string | undefined
  readonly config: ResolvedConfig
  /** How many turns run now. */
  readonly runningTurns: number
  /** Inspects Claude Code. */
  inspectAgent(): Promise<AgentInspection>
  /** Ends all Claude Code processes at once without waiting, for a program that is about to exit. */
  killProcesses(): void
  /** Loads the certificate from its files at once; undefined without TLS. */
  readonly reloadCertificate: (() => void) | undefined
  /** Closes the API, then the listening socket. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens the store and serves the API at `/api/v1`.
 *
 * @throws ConfigError for an invalid configuration, StoreOpenError when the store cannot be opened, ListenError
 * @param toAgentEnvironment replaces the environment of Claude Code processes
 */
export async function serve(
  {
    host,
    port,
    tls,
    metrics: { host: metricsHost = '127.0.0.1', port: metricsPort, ...metricsKeys } = {},
    ...given
  }: ServeOptions,
  toAgentEnvironment: (allowed: AgentEnvironment) => AgentEnvironment = allowed => allowed,
): Promise<RunningServer> {
  const environment = readEnvironment()
  const options = { ...given, metrics: metricsKeys }
  let config = resolveConfig(options, environment)
  refuseMissingRoots(config, options)
  let madeKey: string | undefined
  if (!config.auth.enabled && !isLoopbackAddress(host)) {
    throw new ConfigError(
      'auth.enabled',
      `keys must not be off while the server listens on ${host}, which is not loopback`,
    )
  }
  const [shortKey] = config.auth.shortKeys
  if (shortKey !== undefined && !isLoopbackAddress(host)) {
    throw new ConfigError(
      shortKey,
      `must have at least ${minimumKeyLength} characters while the server listens on ${host}, which is not loopback`,
    )
  }
  if (!isLoopbackAddress(host)) requireChoice(config, beyondLoopback(host))
  if (config.auth.enabled && config.auth.keys.length === 0) {
    const key = await ensureServerKey(config.dataDir)
    madeKey = key.madeKey
    config = resolveConfig({ ...options, auth: { ...options.auth, keyHashes: [key.hash] } }, environment)
  }
  config = { ...config, agentEnvironment: toAgentEnvironment(config.agentEnvironment) }
  const { api, runtime, metrics, log } = assembleApi(config)
  let certificate: ServerCertificate | undefined
  const app = express().disable('x-powered-by')
  if (tls && tls.hstsMaxAgeMs > 0) app.use(announceHttps(tls.hstsMaxAgeMs))
  app.use(mountPath, api)
  if (config.console) app.use(consolePath, api.console)
  app.use(answerElsewhere(mountPath))
  let server: Server | SecureServer | undefined
  let metricsServer: Server | undefined
  let closing: Promise<void> | undefined
  const closeAll = async () => {
    // Listens while turns drain, so that load balancers see that the server is not ready.
    await api.close()
    certificate?.close()
    await Promise.all([server, metricsServer].map(open => open && closeServer(open)))
  }
  const close = () => {
    closing ??= closeAll()
    return closing
  }
  try {
    const secured = tls && new ServerCertificate(tls, log)
    certificate = secured
    await runtime.ready()
    const bare = secured
      ? createSecureServer(secured, config.limits, app)
      : createServer(toServerOptions(config.limits), app)
    const open = limitConnections<Server | SecureServer>(bare, config.limits)
    server = open
    if (config.doors.length > 0) {
      open.on(
        'upgrade',
        api.upgrade((req, res) => open.emit('request', req, res)),
      )
    }
    await listen(server, host, port)
    if (metricsPort !== undefined) metricsServer = await serveMetrics(metrics, metricsHost, metricsPort)
    const url = toUrl(server.address() as AddressInfo, secured ? 'https' : 'http')
    refuseSelfCalls(config.agentEnvironment.ANTHROPIC_BASE_URL, server.address() as AddressInfo)
    return {
      url,
      consoleUrl: config.console ? `${url}${consolePath}/` : undefined,
      metricsUrl: metricsServer && `${toUrl(metricsServer.address() as AddressInfo)}/metrics`,
      madeKey,
      config,
      get runningTurns() {
        return runtime.runningTurns
      },
      inspectAgent: () => runtime.inspectAgent(),
      killProcesses: () => runtime.killProcesses(),
      reloadCertificate: secured && (() => secured.reload()),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function closeServer(server: Server | SecureServer): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

async function listen(server: Server | SecureServer, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw toListenError(error, host, port)
  }
}

/** A session in a directory that is not there would fail much later. */
function refuseMissingRoots({ allowedRoots, defaultCwd }: ResolvedConfig, given: ClaudeCodeApiConfig): void {
  for (const [index, root] of allowedRoots.entries()) {
    const field = given.allowedRoots ? `allowedRoots[${index}]` : 'allowedRoots'
    refuseMissing(field, root)
  }
  refuseMissing('defaultCwd', defaultCwd)
}

function look(field: string, directory: string) {
  try {
    return statSync(directory, { throwIfNoEntry: false })
  } catch (error) {
    throw new ConfigError(field, `${directory} cannot be read by this user`, { cause: error })
  }
}

function refuseMissing(field: string, directory: string): void {
  const stats = look(field, directory)
  if (!stats) throw new ConfigError(field, `${directory} does not exist`)
  if (!stats.isDirectory()) throw new ConfigError(field, `${directory} is not a directory`)
}

function toUrl({ address, family, port }: AddressInfo, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Prevents a loop: Claude Code would call this server as its model, which would start another Claude Code. */
function refuseSelfCalls(baseUrl: string | undefined, { address, port }: AddressInfo): void {
  if (baseUrl === undefined || !URL.canParse(baseUrl)) return
  const target = new URL(baseUrl)
  const targetPort = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (targetPort === port && (host === address || isLoopbackAddress(host))) {
    throw new ConfigError(
      'ANTHROPIC_BASE_URL',
      `points at this server (${baseUrl}); it must be the URL of the model's API`,
    )
  }
}
