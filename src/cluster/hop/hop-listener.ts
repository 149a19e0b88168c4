import { readFileSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { Log } from '../../lib/log.ts'
import type { Membership } from '../membership.ts'
import type { Ownership } from '../ownership.ts'
import { digestOf, type Envelope, envelopeHeader, openEnvelope, windowMs } from './envelope.ts'
import { Nonces } from './nonces.ts'
import { type Refusal, refusalHeader } from './refusal.ts'

/** Headers of a client, as large as Node allows, and the facts of their request. */
const maxHeaderSize = 64 * 1024

export interface HopListenerParts {
  secret: string
  membership: Membership
  ownership: Ownership
  /** Whether the lease of this node is good. */
  mayAct(): boolean
  faults: Pick<Log, 'warn' | 'error'>
  /** Larger bodies are refused. */
  maxBodyBytes: number
  tls: { certFile: string; keyFile: string } | undefined
  /** Answers requests that have passed. */
  answer: RequestListener
}

/**
 * The address for other nodes. Nothing is answered but requests that another living node has signed for this life of
 * this node, each write once.
 */
export class HopListener {
  readonly #parts: HopListenerParts
  readonly #server: Server
  readonly #nonces = new Nonces()
  readonly #arrivals = new WeakMap<IncomingMessage, Envelope>()
  #isDraining = false

  constructor(parts: HopListenerParts) {
    this.#parts = parts
    const { tls } = parts
    const listener: RequestListener = (req, res) => {
      this.#take(req, res).catch(error => {
        parts.faults.error({ err: error }, 'a request of another node failed')
        refuse(res, 500, 'failed')
      })
    }
    this.#server = tls
      ? createSecureServer(
          { maxHeaderSize, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) },
          listener,
        )
      : createServer({ maxHeaderSize }, listener)
    // The node that forwards bounds its clients.
    this.#server.requestTimeout = 0
  }

  /** @returns the port */
  async open({ host, port }: { host: string; port: number }): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(port, host, resolve)
    await promise
    this.#server.off('error', reject)
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  /** The facts of a request that another node has forwarded; undefined: it comes from a client. */
  arrivalOf(req: IncomingMessage): Envelope | undefined {
    return this.#arrivals.get(req)
  }

  /** Begins nothing more; other nodes look for another owner. */
  drain(): void {
    this.#isDraining = true
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { secret, membership, ownership } = this.#parts
    const sent = req.headers[envelopeHeader]
    const envelope = typeof sent === 'string' ? openEnvelope(sent, secret) : undefined
    if (!envelope) return refuse(res, 403, 'unsigned')
    if (envelope.to !== membership.id) return refuse(res, 421, 'elsewhere')
    if (envelope.method !== req.method || envelope.path !== req.url) return refuse(res, 403, 'unsigned')
    if (Math.abs(Date.now() - envelope.at) > windowMs) return refuse(res, 403, 'too_old')
    if (!(await this.#knows(envelope.from))) return refuse(res, 403, 'unknown_node')
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    if (!isRead && !this.#nonces.use(envelope.nonce, performance.now())) return refuse(res, 403, 'repeated')
    const body = await this.#readBody(req)
    if (!body || digestOf(body) !== envelope.digest) return refuse(res, 403, 'unsigned')
    if (this.#isDraining || !this.#parts.mayAct()) return refuse(res, 503, 'draining')
    const { session } = envelope
    if (session && !(await ownership.claim(session.tenantId, session.id)))
      return refuse(res, 421, 'elsewhere')
    this.#arrivals.set(req, envelope)
    this.#parts.answer(Object.assign(req, { rawBody: body }), res)
  }

  /** A node that has just joined is not known yet. */
  async #knows(id: string): Promise<boolean> {
    const { membership } = this.#parts
    if (membership.find(id)) return true
    await membership.refresh()
    return membership.find(id) !== undefined
  }

  async #readBody(req: IncomingMessage): Promise<Buffer | undefined> {
    if (Number(req.headers['content-length'] ?? 0) > this.#parts.maxBodyBytes) return undefined
    // Nodes send every body with its length.
    return req.headers['content-length'] === undefined ? Buffer.alloc(0) : buffer(req)
  }
}

/** Says that nothing was done, and why. */
function refuse(res: ServerResponse, status: number, reason: Refusal): void {
  if (res.headersSent) return void res.destroy()
  res.writeHead(status, { [refusalHeader]: reason, 'Content-Length': 0, Connection: 'close' })
  res.end()
}
