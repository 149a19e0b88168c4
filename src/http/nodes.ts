import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { NodeRecord } from '../sessions/ports/index.ts'
import type { Caller } from '../sessions/records.ts'

/** A request that another node has forwarded, and that has been identified, counted and admitted there. */
export interface Arrival {
  /** null: the operation is open to all. */
  readonly caller: CallerFacts | null
  /** Of the client. */
  readonly address: string
  /** The prefix of links in the response. */
  readonly base: string
  /** The id of the turn that it submits. */
  readonly turnId?: string | undefined
  /** Whether the turn may have been submitted before. */
  readonly isRepeated: boolean
  /** The sequence of the last event that the client of the stream has. */
  readonly after?: number | undefined
}

/** A caller as JSON has it. */
export type CallerFacts = Omit<Caller, 'scopes' | 'keyVersion'> & {
  scopes: string[]
  keyVersion?: string | undefined
}

export interface OutgoingRequest {
  method: string
  path: string
  headers: Record<string, string | string[]>
  body: Buffer
  facts: Arrival & {
    /** null: the request makes one. */
    session: { tenantId: string; id: string; need: SessionNeed } | null
  }
  /** Whether it does no harm when it is done twice. */
  isRepeatable: boolean
  /** Ends the request: the client has left, or waiting must stop. */
  signal: AbortSignal
  /** Returns the last frame of a stream when waiting must stop. */
  farewell(): Buffer | undefined
}

export interface IncomingAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: Readable
}

/** A need of a request on the node that answers it: see `Needs` of the contract. */
export type SessionNeed = 'owner' | 'view' | 'end'

/** The nodes that share the database with this one. */
export interface Nodes {
  /** The facts of a forwarded request; undefined: it comes from a client. */
  arrivalOf(req: IncomingMessage): Arrival | undefined
  /**
   * Returns the node of a session; undefined: this one.
   * @throws ServiceError NODE_UNAVAILABLE, WORKSPACE_UNAVAILABLE
   */
  locate(
    tenantId: string,
    sessionId: string,
    need: SessionNeed,
    signal: AbortSignal,
  ): Promise<NodeRecord | undefined>
  /** The node that should make a session in this directory; undefined: this one. */
  place(directory: string): NodeRecord | undefined
  /** @throws ServiceError NODE_UNAVAILABLE, WORKSPACE_UNAVAILABLE */
  forward(node: NodeRecord, request: OutgoingRequest): Promise<IncomingAnswer>
}
