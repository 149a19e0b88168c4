import type { ErrorCode } from './errors.ts'
import type { RetryAdvice } from './retry.ts'
import type { Scope } from './scopes.ts'

/** The protocols of other clients that the server can speak, each under `<mount>/doors/<name>`. */
export const doorNames = ['ui', 'acp', 'openai', 'mcp', 'managed-agents', 'ag-ui'] as const
export type DoorName = (typeof doorNames)[number]

/** One endpoint of a door. */
export interface DoorOperation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** The path below the door, with parameters as `:name`. */
  path: string
  summary: string
  /** The caller needs one of these; empty: any valid key will do. */
  scopes: readonly Scope[]
  /** As in `Operation`: keys that are bound to a session cannot use operations of a tenant. */
  reach: 'session' | 'tenant'
}

/** A request to a door. Its caller has been identified and counted, and has the scope. */
export interface DoorExchange {
  /**
   * With its whole body. Its signal aborts when the client has left or the server shuts down, also after the request
   * itself has been collected. The signal of a copy does not.
   */
  request: Request
  params: Readonly<Record<string, string>>
  /** Ids of the caller, for ids of sessions that a door derives from those of its clients. */
  caller: { tenantId: string; keyId: string }
  /** Under which the log has the request; the header `X-Request-ID` is set already. */
  requestId: string
  /**
   * Calls the API of this server in the name of the caller, without a network. Only the path of the URL counts, below
   * the mount path; for `ClaudeCodeClient`, `baseUrl` is `apiBase`.
   */
  fetch: typeof fetch
  /** Logs an unexpected fault that the door answers itself, in the middle of a stream. */
  logFault(error: unknown): void
}

/** Whether the client has left, by the signal of its request: a server that shuts down aborts the signal too. */
export function hasLeft({ aborted, reason }: AbortSignal): boolean {
  return aborted && (reason as Error | undefined)?.name === 'ClientGoneError'
}

/** The base URL for the client of a door. */
export const apiBase = 'http://api.internal'

/** An error for the caller. */
export interface DoorProblem extends RetryAdvice {
  status: number
  code: ErrorCode
  message: string
  details?: Record<string, unknown> | undefined
  requestId: string
}

/** A WebSocket, whose messages are texts. It is closed when the caller's key is over, and when the server shuts down. */
export interface DoorSocket {
  readonly readyState: number
  /** Bytes that have been sent and not been taken by the client yet. */
  readonly bufferedAmount: number
  send(text: string): void
  close(code?: number, reason?: string): void
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

/** The part of a door that is loaded with its first request. */
export interface DoorProgram<Id extends string = string> {
  answer(id: Id, exchange: DoorExchange): Promise<Response>
  /**
   * Opens a WebSocket, for a request that asks for one; left out: `answer` answers it. The calls of the exchange count
   * as requests of the caller, one by one.
   *
   * @param accept opens it, with these headers in the response
   * @returns a response in place of a WebSocket
   */
  upgrade?(
    id: Id,
    exchange: DoorExchange,
    accept: (headers: Record<string, string>) => DoorSocket,
  ): Promise<Response | undefined>
  /** Returns an error in the form that clients of the protocol know. */
  refuse(problem: DoorProblem): Response
}

/** A protocol of clients that exist already: an adapter that calls the API in the name of its callers. */
export interface Door<Id extends string = string> {
  name: DoorName
  operations: Readonly<Record<Id, DoorOperation>>
  load(): Promise<DoorProgram<Id>>
}
