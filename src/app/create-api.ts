import type { RequestListener } from 'node:http'
import express, { type Router } from 'express'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { Callers } from '../access/callers.ts'
import { configuredKeys } from '../access/configured-keys.ts'
import { TokenCallers } from '../access/tokens/token-callers.ts'
import { minimumKeyLength } from '../config/api-keys.ts'
import { readEnvironment } from '../config/env.ts'
import type { ClaudeCodeApiConfig } from '../config/options.ts'
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts'
import { type UpgradeListener, upgradeThrough } from '../http/doors/upgrades.ts'
import type { ServerMetrics } from '../http/options.ts'
import { createRouter } from '../http/router.ts'
import { SharedWindows } from '../sessions/limits/shared-windows.ts'
import type { SessionsObserver } from '../sessions/reports/figures.ts'
import { createLog } from './built-in-log.ts'
import { findDoors } from './doors.ts'
import { Metrics } from './metrics/metrics.ts'
import { Runtime } from './runtime.ts'
import { toHttpCluster } from './shared-parts.ts'
import { logTurn } from './turn-log.ts'
import { readVersion } from './version.ts'

/** An Express 5 router with the API, which a host application can mount at any path. */
export interface ClaudeCodeApi extends Router {
  /**
   * Resolves when the store is open and requests can be served; rejects when the store cannot be opened. After a
   * failure, reading this property tries again, as does every request.
   */
  readonly ready: Promise<void>
  /**
   * An Express 5 router with the console, the web page of the server, which a host application can mount at any path. It
   * answers every request that reaches it, and has the API below `/api` for its own pages.
   *
   * @example app.use('/console', api.console)
   */
  readonly console: Router
  /**
   * Returns a listener for WebSockets of doors. They take their way through the application in which the router is
   * mounted, so its middleware and the mount path hold for them.
   *
   * @example server.on('upgrade', api.upgrade(app))
   */
  upgrade(app: RequestListener): UpgradeListener
  /** The registry of `prom-client` with the server's metrics, for a host application that merges it into its own. */
  readonly metrics: Registry
  /**
   * Refuses new work, lets running turns finish within `drainTimeoutMs`, then ends every process, stream and
   * handle that the router opened. Idempotent.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Builds the API as an Express 5 router. Opening starts in the background; await `ready` to learn of failures.
 *
 * @throws ConfigError for an invalid configuration; its message names the field
 * @example
 * const api = createClaudeCodeApi({ maxSessions: 50 })
 * app.use('/api/v1', api)
 * // later
 * await api.close()
 */
export function createClaudeCodeApi(config: ClaudeCodeApiConfig = {}): ClaudeCodeApi {
  return assembleApi(resolveConfig(config, readEnvironment())).api
}

/** Builds the router together with the parts that a server needs beside it. */
export function assembleApi(config: ResolvedConfig): {
  api: ClaudeCodeApi
  runtime: Runtime
  metrics: ServerMetrics
  log: Logger
} {
  const log = config.logger ?? createLog(config)
  const version = readVersion()
  const metrics = new Metrics(version, () => runtime.figures)
  const observer: SessionsObserver = {
    onTurnEnded(turn, times) {
      logTurn(log, turn)
      metrics.onTurnEnded(turn, times)
    },
    onCommit: (durationMs, outcome) => metrics.onCommit(durationMs, outcome),
  }
  const sharedCounters = config.cluster && new SharedWindows(() => runtime.cluster?.store.limits.windows, log)
  const runtime = new Runtime(config, log, {
    observer,
    answer: (req, res) => ofNodes(req, res),
    callOff: () => door.callOff(),
  })
  const tokens = config.auth.tokens && new TokenCallers(config.auth.tokens, log)
  const door = createRouter({
    get service() {
      return runtime.sessions
    },
    ready: () => runtime.ready(),
    get nodes() {
      return runtime.cluster
    },
    callers: new Callers({
      keys: config.auth.keys,
      sources: config,
      tokens,
      get registry() {
        return runtime.keyRegistry
      },
      ready: () => runtime.ready(),
    }),
    get keys() {
      return runtime.keys
    },
    get audit() {
      return runtime.audit
    },
    get logins() {
      return runtime.logins
    },
    limitsOf: caller => runtime.limitsOf(caller),
    cluster: config.cluster && toHttpCluster(() => runtime.shared),
    sharedCounters,
    scrapers: configuredKeys(config.metrics.keys),
    isClosing: () => runtime.isClosing,
    isolation: () => runtime.isolation,
    doors: findDoors(config.doors),
    config,
    log,
    version,
    metrics,
    startedAt: performance.now(),
  })
  const ofNodes = express().disable('x-powered-by').use(door.router)
  if (config.auth.enabled && config.auth.keys.length === 0 && !tokens && !config.auth.authenticate) {
    log.warn('no API key configured; requests that need one are refused')
  }
  if (config.auth.authenticate && config.isolation === undefined) {
    log.warn({ setting: 'isolation' }, 'callers of several tenants would share the rights of this process')
  }
  for (const field of config.auth.shortKeys) {
    log.warn({ field, minimumKeyLength }, 'API key too short')
  }
  const endResponses = async () => {
    await door.close()
    await sharedCounters?.close()
  }
  const close = () => runtime.close(endResponses).finally(() => metrics.close())
  const api = Object.defineProperties(door.router, {
    ready: { get: () => runtime.ready() },
    close: { value: close },
    metrics: { value: metrics.registry },
    console: { value: door.console },
    upgrade: { value: upgradeThrough },
    [Symbol.asyncDispose]: { value: close },
  }) as ClaudeCodeApi
  setImmediate(() => {
    if (runtime.isClosing) return
    // Tells the operator of a wrong address before the first caller meets it.
    tokens?.prepare()
    runtime.ready().catch(error => {
      // A server that is closing reports the failure itself.
      if (!runtime.isClosing) log.error({ err: error }, 'opening failed; the next request tries again')
    })
  })
  return { api, runtime, metrics, log }
}
