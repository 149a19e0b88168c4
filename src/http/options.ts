import type { Request } from 'express'
import type { Logger } from 'pino'
import type { OperationId } from '../contract/operations.ts'
import type { SessionService } from '../sessions/ports/session-service.ts'

/** An API key as the server knows it: never its text. */
export interface ApiKey {
  /** Stable, safe to log and to store. */
  readonly id: string
  /** SHA-256 of the key, hexadecimal. */
  readonly hash: string
}

/** What the HTTP door needs to be told; the resolved configuration has all of it. */
export interface HttpOptions {
  /** Larger request bodies are refused with 413. */
  maxBodyBytes: number
  /** Larger uploads are refused with 413. */
  maxUploadBytes: number
  /** What may be used at once. */
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
  }
  auth: {
    enabled: boolean
    /** Lower case. */
    apiKeyHeader: string
    keys: readonly ApiKey[]
    /** Operations that need a key. Paths that do not exist always need one. */
    protectedOperations: ReadonlySet<OperationId>
  }
  cors: {
    /** Origins of pages that may use the API. */
    origins: readonly string[]
  }
  /** Hosts that requests without a key may be sent to, beside loopback names and the host of `publicUrl`. */
  allowedHosts: readonly string[]
  /** What links begin with; undefined: the path under which the request arrived. */
  publicUrl: string | undefined
  /** As Express's `trust proxy`; undefined: the setting of the host application. */
  trustProxy: boolean | number | string | string[] | ((address: string, hop: number) => boolean) | undefined
  rateLimit: {
    enabled: boolean
    windowMs: number
    maxRequests: number
    keyGenerator: ((req: Request) => string) | undefined
  }
  openApiValidation: {
    enabled: boolean
    /** An OpenAPI document, YAML or JSON; without it the generated one. */
    specPath: string | undefined
  }
}

export interface HttpDeps {
  /** Only read once `ready` has resolved, so that it may be a getter. */
  readonly service: SessionService
  /** Resolves when the service is open; may be called any number of times. */
  ready(): Promise<void>
  /** While true, everything but the health check is answered with 503 `SHUTTING_DOWN`. */
  isClosing(): boolean
  config: HttpOptions
  log: Logger
  version: string
  /** As `performance.now()` has it, which no clock that is set can change. */
  startedAt: number
}
