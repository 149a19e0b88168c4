import type { Readable } from 'node:stream'
import type { Logger } from 'pino'
import type { OperationId, OperationInput, OperationOutput, operations } from '../contract/operations.ts'
import type { Caller } from '../sessions/records.ts'
import type { IdempotencyKey } from '../sessions/turns/idempotency.ts'
import type { SseStream } from './sse-stream.ts'

export interface Upload {
  bytes: Buffer
  /** What the request's Content-Type says, without parameters, in lower case; undefined: nothing. */
  contentType: string | undefined
}

/** A request that has passed every check. */
export interface Exchange<Id extends OperationId> extends OperationInput<Id> {
  caller: Caller
  /** What every URL in an answer begins with: a URL, or a path on the caller's own origin. */
  baseUrl: string
  /** Of the request, below the mount path. */
  path: string
  /** Of a request that is to be carried out once, however often it is sent. */
  idempotency: IdempotencyKey | undefined
  /** Says in the answer, whatever it will be, that it is the outcome of an earlier request. */
  markReplayed(): void
  /** The body of an operation with an upload; empty for the others. */
  upload: Upload
  /** Aborts when the client is gone before it had its answer. */
  clientGone: AbortSignal
  /** Aborts when nothing may be waited for any longer: the client is gone, or the server closes. */
  stop: AbortSignal
  log: Logger
}

type ContentTypeOf<Id extends OperationId> = (typeof operations)[Id]['success'][number] extends infer S
  ? S extends { contentType: infer Type }
    ? Type
    : never
  : never

interface MediaAnswers {
  'text/html': { html: string; contentSecurityPolicy: string }
  /**
   * Writes the stream; the response ends when the promise settles. It is run in any case, also when nobody
   * listens any longer, so that what the handler opened is let go.
   */
  'application/octet-stream': FileAnswer
  'text/x-diff': FileAnswer
  'text/event-stream': { stream(sse: SseStream): Promise<void> }
}

/** The bytes of a file or a made-up one, with the headers that belong to them. */
export interface FileAnswer {
  file: {
    status: number
    headers: Readonly<Record<string, string>>
    /** null: no content. A stream is ended with the response, however that ends. */
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
