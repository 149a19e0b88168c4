import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { CredentialTrace } from '../access/caller-directory.ts'
import type { OperationId, OperationInput, OperationOutput, operations } from '../contract/operations.ts'
import type { Caller } from '../sessions/records.ts'
import type { IdempotencyKey } from '../sessions/turns/idempotency.ts'
import type { Arrival } from './nodes.ts'
import type { LoggedFacts } from './request-context.ts'
import type { SseStream } from './sse-stream.ts'

export interface Upload {
  bytes: Buffer
  /** The request's media type in lower case, without parameters; undefined: none. */
  contentType: string | undefined
}

/** A request that has passed all checks. */
export interface Exchange<Id extends OperationId> extends OperationInput<Id> {
  caller: Caller
  /** Whether the key or token of the caller is still valid. */
  isValid(): boolean
  /** See `KnownCaller`. */
  trace: CredentialTrace | undefined
  /** The prefix of links in responses: a URL, or a path on the caller's origin. */
  baseUrl: string
  /** The path of the request below the mount path. */
  path: string
  /** Returns the media type that the caller prefers; false: none of them. */
  accepts(types: string[]): string | false
  /** The key of an idempotent request. */
  idempotency: IdempotencyKey | undefined
  /** The facts of a request that another node has forwarded; undefined: it comes from a client. */
  arrival: Pick<Arrival, 'turnId' | 'isRepeated' | 'after'> | undefined
  /** Whether a door has sent the request. */
  isInner: boolean
  /** Marks the response as a replay of an earlier request's outcome. */
  markReplayed(): void
  /** The body of an upload; empty for other operations. */
  upload: Upload
  /** Aborts if the client disconnects before it has the response. */
  clientGone: AbortSignal
  /** Aborts when waiting must stop: the client has disconnected, or the server is closing. */
  stop: AbortSignal
  log: Logger
  /** Facts for the request's line in the log. */
  facts: LoggedFacts
}

type ContentTypeOf<Id extends OperationId> = (typeof operations)[Id]['success'][number] extends infer S
  ? S extends { contentType: infer Type }
    ? Type
    : never
  : never

interface MediaAnswers {
  'text/html': { html: string; contentSecurityPolicy: string }
  /**
   * Writes the stream; the response ends when the promise settles. Always runs, even after the client has
   * disconnected, so that resources of the handler are released.
   */
  'application/octet-stream': FileAnswer
  'text/javascript': FileAnswer
  'text/x-diff': FileAnswer
  'text/csv': FileAnswer
  'text/plain': FileAnswer
  'text/event-stream': { stream(sse: SseStream): Promise<void> }
}

/** The bytes of a real or generated file, with their headers. */
export interface FileAnswer {
  file: {
    status: number
    headers: Readonly<Record<string, string>>
    /** null: no content. A stream is destroyed when the response ends. */
    content: Buffer | Readable | null
  }
}

/** A body that is JSON on one line already, in UTF-8. */
export interface JsonAnswer {
  status: number
  json: Buffer
}

export type Answer<Id extends OperationId> =
  | (Id extends 'listMessages' ? JsonAnswer : never)
  | (OperationOutput<Id> & { headers?: Readonly<Record<string, string>> })
  | (ContentTypeOf<Id> extends keyof MediaAnswers ? MediaAnswers[ContentTypeOf<Id>] : never)

export type Handler<Id extends OperationId> = (exchange: Exchange<Id>) => Promise<Answer<Id>> | Answer<Id>

/** One handler for every operation of the table. */
export type Handlers = { [Id in OperationId]: Handler<Id> }
