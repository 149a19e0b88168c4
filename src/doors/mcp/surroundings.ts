import type { ElicitRequestFormParams, ElicitRequestURLParams } from '@modelcontextprotocol/server'
import type { ClaudeCodeClient, PermissionRequest } from '../../client/index.ts'

/** A point in the log of a turn: everything up to `after` has been seen. */
export interface TurnPosition {
  sessionId: string
  turnId: string
  after: number
  /** Open requests that the client has been asked about. */
  asked: string[]
  /** When the call stops waiting, in milliseconds since 1970; null: with the turn. */
  until: number | null
}

/** An elicitation: a form to fill in, or a page to open. */
export type FormOrPage = ElicitRequestFormParams | ElicitRequestURLParams

/** The kinds of elicitation that a client can show. */
export interface ElicitationModes {
  form: boolean
  url: boolean
}

/**
 * A tool call whose client answers elicitations while it waits (MCP until 2025-11-25); over HTTP in other requests, which
 * any node may get. The log tells the call that they were answered.
 */
export interface Channel {
  modes: ElicitationModes
  /** Where a stream that was cut continues. */
  resumed: TurnPosition | undefined
  /** Aborts when the client has closed an elicitation without an answer. */
  dismissed: AbortSignal
  /** Makes the stream resumable from here. */
  moved(position: TurnPosition): void
  elicit(request: PermissionRequest, params: FormOrPage): Promise<void>
  /** Takes an elicitation back that was answered elsewhere. */
  withdraw(permissionId: string): Promise<void>
}

/** The connection of a server to the API and to its client. */
export interface Surroundings {
  client: ClaudeCodeClient
  logFault(error: unknown): void
  /** Whether a tool call that has been aborted for this reason was cancelled by its client. */
  isCancelled(reason: unknown): boolean
  /** Absent: the connection carries elicitations, or they are results of calls. */
  channel?: Channel | undefined
}
