import type { Request } from 'express'
import type { Logger } from 'pino'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { CallerDirectory, KnownCaller } from '../access/caller-directory.ts'
import type { ConsoleLogins } from '../access/console-logins.ts'
import type { Keys } from '../access/keys.ts'
import type { Door } from '../contract/doors.ts'
import type { OperationId } from '../contract/operations.ts'
import type { HealthResponse } from '../contract/system.ts'
import type { LimitsOf } from '../sessions/limits/limits-of.ts'
import type { SharedCounters } from '../sessions/limits/shared-counters.ts'
import type { SessionService } from '../sessions/ports/session-service.ts'
import type { Nodes } from './nodes.ts'
import type { SharedTicketParts } from './shared-tickets.ts'

/** The options of the HTTP layer; the resolved configuration satisfies them. */
export interface HttpOptions {
  /** Whether the console is served. */
  console: boolean
  /** Whether the audit log has the text of prompts. */
  auditPrompts: boolean
  /** Where sessions work that name no directory, or have one of their own. */
  defaultCwd: string
  workspacesDir: string
  defaultWorkspace: 'directory' | 'empty'
  /** Undefined: the server has its store for itself. */
  cluster: object | undefined
  /** Larger request bodies are refused with 413. */
  maxBodyBytes: number
  /** Larger uploads are refused with 413. */
  maxUploadBytes: number
  /** Limits on concurrent use. */
  limits: {
    bodyBytes: number
    bodyBytesPerKey: number
    uploads: number
    uploadsPerKey: number
    bodyIdleMs: number
    streams: number
    streamsPerKey: number
    streamsPerSession: number
    pipelinedRequests: number
    wrongKeysPerAddress: number
  }
  auth: {
    enabled: boolean
    /** Lower case. */
    apiKeyHeader: string
    /** Identifies callers in place of keys; undefined: keys do. */
    authenticate: ((req: Request) => unknown) | undefined
    authenticateTimeoutMs: number
    /** Whether `authenticate` reads only headers that browsers never send on their own. */
    readsHeaderOnly: boolean
    /** Operations that need a key. Unknown paths always need one. */
    protectedOperations: ReadonlySet<OperationId>
  }
  cors: {
    /** Origins of web pages that may use the API. */
    origins: readonly string[]
  }
  /** Hosts that requests without a key may be addressed to, besides loopback names and the host of `publicUrl`. */
  allowedHosts: readonly string[]
  /** The prefix of links; undefined: the path at which the request arrived. */
  publicUrl: string | undefined
  /** Same as Express's `trust proxy`; undefined: the setting of the host application. */
  trustProxy: boolean | number | string | string[] | ((address: string, hop: number) => boolean) | undefined
  rateLimit: {
    enabled: boolean
    windowMs: number
    maxRequests: number
    keyGenerator: ((req: Request) => string) | undefined
  }
  openApiValidation: {
    enabled: boolean
    /** The path of an OpenAPI document, YAML or JSON; undefined: the generated one. */
    specPath: string | undefined
  }
}

/** A request that is over. */
export interface ServedRequest {
  /** Undefined for unknown paths and methods. */
  operation: string | undefined
  /** Undefined: the client left before the response began. */
  status: number | undefined
  durationMs: number
}

/** The figures of the server in the text format of Prometheus. */
export interface Exposition {
  contentType: string
  text: string
}

export interface ServerMetrics {
  onRequest(request: ServedRequest): void
  expose(): Promise<Exposition>
}

/** The needs of requests where several nodes share the store. */
export interface HttpCluster {
  /** Brings what this node has in memory up to date. */
  refresh(): Promise<void>
  /** Read only after `ready` has resolved, so it can be a getter. */
  readonly tickets: SharedTicketParts
}

export interface HttpDeps {
  /** Read only after `ready` has resolved, so it can be a getter. */
  readonly service: SessionService
  /** Resolves when the service is open; can be called repeatedly. */
  ready(): Promise<void>
  /** Read only after `ready` has resolved, so it can be a getter. Undefined: the server has its store for itself. */
  readonly nodes?: Nodes | undefined
  callers: CallerDirectory
  /** Left out: there are no limits. */
  limitsOf?: LimitsOf
  /** Counts requests over all nodes; left out: this server is alone. */
  sharedCounters?: SharedCounters | undefined
  /** Read only after `ready` has resolved, so it can be a getter. */
  readonly keys: Keys
  /** Read only after `ready` has resolved, so it can be a getter. */
  readonly audit: AuditTrail
  /** Read only after `ready` has resolved, so it can be a getter. */
  readonly logins: ConsoleLogins
  /** Left out: no other node shares the store. */
  cluster?: HttpCluster | undefined
  /** Recognizes keys that open `GET /metrics` and nothing else. */
  scrapers(credential: string): KnownCaller | undefined
  /** While true, all requests except the health check get 503 `SHUTTING_DOWN`. */
  isClosing(): boolean
  /** The isolation of Claude Code in force; undefined before the service is open. */
  isolation(): HealthResponse['isolation']
  metrics: ServerMetrics
  config: HttpOptions
  /** The protocols of other clients that are spoken under `/doors`; left out: none. */
  doors?: readonly Door[]
  log: Logger
  version: string
  /** The directory of the built console; undefined: that of the package. */
  consoleBuild?: string
  /** The current time of `performance.now()`, which is independent of the wall clock. */
  startedAt: number
}
