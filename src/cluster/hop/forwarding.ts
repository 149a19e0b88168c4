import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { NodeRecord } from '../../sessions/ports/index.ts'
import { nodeUnavailable, type Routing } from '../routing.ts'
import { relayEvents } from './event-relay.ts'
import type { HopClient, HopRequest } from './hop-client.ts'

/** How long to wait before a refused request is sent again, in milliseconds. */
const pauseMs = 100

/** A request that another node is to answer. */
export interface ForwardedRequest extends HopRequest {
  /** Whether it does no harm when it is done twice. */
  isRepeatable: boolean
  /** The client has left, or the server closes. */
  signal: AbortSignal
  /** Returns the last frame of a stream that this node ends; undefined: it does not end it. */
  farewell(): Buffer | undefined
}

export interface ForwardedAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: Readable
}

export interface ForwardingParts {
  routing: Routing
  client: HopClient
  /** This node. */
  self(): NodeRecord | undefined
  /** How long a session may be without an owner that answers, in milliseconds. */
  boundMs: number
}

/** Forwards requests to the nodes of their sessions, and stays with a request while its session moves. */
export class Forwarding {
  readonly #parts: ForwardingParts

  constructor(parts: ForwardingParts) {
    this.#parts = parts
  }

  /**
   * Resolves with the answer of the session's node. Where that node dies, waits for the next one; streams of events are
   * resumed there where they broke off.
   *
   * @throws ServiceError NODE_UNAVAILABLE, WORKSPACE_UNAVAILABLE
   */
  async forward(first: NodeRecord, request: ForwardedRequest): Promise<ForwardedAnswer> {
    const response = await this.#send(request, request.facts, first)
    const { statusCode: status = 502, headers } = response
    const isStream = headers['content-type']?.startsWith('text/event-stream') ?? false
    if (!isStream) return { status, headers, body: response }
    const again = (after: number | undefined) =>
      this.#send(
        request,
        { ...request.facts, isRepeated: true, ...(after !== undefined && { after }) },
        undefined,
      )
    return {
      status,
      headers,
      body: Readable.from(relayEvents(response, again, request.farewell), { objectMode: false }),
    }
  }

  async #send(
    { isRepeatable, signal, ...request }: ForwardedRequest,
    facts: HopRequest['facts'],
    first: NodeRecord | undefined,
  ): Promise<IncomingMessage> {
    const { client, boundMs } = this.#parts
    const bound = AbortSignal.timeout(boundMs)
    const waiting = AbortSignal.any([signal, bound])
    let { isRepeated } = facts
    for (let node = first; ; node = undefined) {
      node ??= await this.#find(facts, waiting)
      const outcome = await client.send(node, { ...request, facts: { ...facts, isRepeated } }, signal)
      if (outcome.kind === 'answer') return outcome.response
      if (facts.session) this.#parts.routing.forget(facts.session.id)
      if (outcome.kind === 'broken' && !isRepeatable) throw nodeUnavailable()
      isRepeated ||= outcome.kind === 'broken'
      await pause(pauseMs, undefined, { signal: waiting }).catch(() => {
        throw nodeUnavailable()
      })
    }
  }

  /** The node of the session now, which may be this one. */
  async #find({ session }: HopRequest['facts'], waiting: AbortSignal): Promise<NodeRecord> {
    const { routing, self } = this.#parts
    const node = session
      ? await routing.locate(session.tenantId, session.id, session.need, waiting)
      : undefined
    const found = node ?? self()
    if (!found) throw nodeUnavailable()
    return found
  }
}
