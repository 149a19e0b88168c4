import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { request as requestSecurely, Agent as SecureAgent } from 'node:https'
import type { Log } from '../../lib/log.ts'
import type { NodeRecord } from '../../sessions/ports/index.ts'
import { digestOf, type Envelope, envelopeHeader, sealEnvelope } from './envelope.ts'
import { HopFaults } from './hop-faults.ts'
import { refusalHeader } from './refusal.ts'

/** How long another node may take to accept a connection, in milliseconds. */
const connectBoundMs = 3_000

/** A request of a client, as it is sent to another node. */
export interface HopRequest {
  method: string
  path: string
  headers: Readonly<Record<string, string | string[]>>
  body: Buffer
  facts: Omit<Envelope, 'from' | 'to' | 'at' | 'nonce' | 'method' | 'path' | 'digest'>
}

/**
 * The outcome of sending: `refused`, nothing was begun; `broken`, whether anything was done is not known.
 */
export type HopOutcome =
  | { kind: 'answer'; response: IncomingMessage }
  | { kind: 'refused' }
  | { kind: 'broken' }

export interface HopClientParts {
  /** The life of this node. */
  id: string
  secret: string
  caFile: string | undefined
  /** Fires when a node is dead. */
  endOf(id: string): AbortSignal
  faults: Pick<Log, 'warn'>
}

/** Sends requests to other nodes, signed. */
export class HopClient {
  readonly #parts: HopClientParts
  readonly #agent = new Agent({ keepAlive: true })
  readonly #secureAgent: SecureAgent
  readonly #faults: HopFaults

  constructor(parts: HopClientParts) {
    this.#parts = parts
    this.#faults = new HopFaults(parts.faults)
    const ca = parts.caFile === undefined ? undefined : readFileSync(parts.caFile)
    this.#secureAgent = new SecureAgent({ keepAlive: true, ...(ca && { ca }) })
  }

  /** Resolves with the beginning of the answer. @param signal the client has left, or waits no longer */
  send(
    node: NodeRecord,
    { method, path, headers, body, facts }: HopRequest,
    signal: AbortSignal,
  ): Promise<HopOutcome> {
    const { id: from, secret, endOf } = this.#parts
    const envelope: Envelope = {
      ...facts,
      ...{ from, to: node.id, at: Date.now(), nonce: randomUUID(), method, path, digest: digestOf(body) },
    }
    const url = new URL(node.url)
    const [start, agent] =
      url.protocol === 'https:'
        ? ([requestSecurely, this.#secureAgent] as const)
        : ([request, this.#agent] as const)
    const stop = AbortSignal.any([signal, endOf(node.id)])
    return new Promise(resolve => {
      const sent = start(url, {
        ...{ method, path, agent },
        headers: {
          ...headers,
          'content-length': body.length,
          [envelopeHeader]: sealEnvelope(envelope, secret),
        },
        signal: stop,
      })
      let isConnected = false
      const tooSlow = () => Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })
      const bound = setTimeout(() => isConnected || sent.destroy(tooSlow()), connectBoundMs)
      sent.once('socket', socket => {
        if (!socket.connecting) isConnected = true
        else
          socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
            isConnected = true
          })
      })
      sent.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(bound)
        if (!stop.aborted) this.#faults.unreachable(node, error)
        resolve({ kind: isConnected ? 'broken' : 'refused' })
      })
      sent.once('response', response => {
        clearTimeout(bound)
        const refusal = response.headers[refusalHeader]
        if (refusal === undefined) return resolve({ kind: 'answer', response })
        this.#faults.refused(node, String(refusal))
        response.resume()
        resolve({ kind: 'refused' })
      })
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
    this.#secureAgent.destroy()
  }
}
