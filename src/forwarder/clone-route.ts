import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { type HostAndPort, toHostAndPort } from '../lib/host-policy.ts'
import { AddressRefused, type Connector } from './connector.ts'
import { toEndToEnd } from './http-headers.ts'
import { readBody } from './read-body.ts'
import { openTunnel } from './tunnel.ts'
import { Upstream } from './upstream.ts'

/** The HTTP proxy through which git reaches the one origin of a clone. */
export class CloneRoute {
  refusal: string | undefined
  readonly #origin: URL
  readonly #target: HostAndPort
  readonly #connector: Connector
  readonly #upstream: Upstream
  readonly #closed = new AbortController()

  constructor(origin: URL, target: HostAndPort, connector: Connector) {
    this.#origin = origin
    this.#target = target
    this.#connector = connector
    this.#upstream = new Upstream(connector)
  }

  close(): void {
    this.#closed.abort()
    this.#upstream.close()
  }

  /** Handles a request with an absolute URL (`http:`). */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
    if (url?.origin !== this.#origin.origin) return void response.writeHead(403).end()
    const left = new AbortController()
    response.once('close', () => left.abort())
    try {
      const body = await readBody(request)
      const { response: answer } = await this.#upstream.send({
        url,
        method: request.method ?? 'GET',
        headers: toEndToEnd(request.headers, ['host', 'content-length']),
        ...(body && { body }),
        followsRedirects: false,
        signal: left.signal,
      })
      response.writeHead(answer.statusCode ?? 502, toEndToEnd(answer.headers))
      await pipeline(answer, response)
    } catch (error) {
      if (left.signal.aborted) return
      this.#note(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(error instanceof AddressRefused ? 403 : 502).end()
    }
  }

  /** Handles `CONNECT host:port` (`https:`); TLS is between git and the server. */
  async tunnel(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const url = URL.canParse(`https://${request.url}/`) ? new URL(`https://${request.url}/`) : undefined
    const target = url && toHostAndPort(url)
    const { host, port } = this.#target
    if (this.#origin.protocol !== 'https:' || target?.host !== host || target.port !== port) {
      return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    }
    this.#note(await openTunnel(this.#connector, this.#target, socket, head, this.#closed.signal))
  }

  #note(error: unknown): void {
    if (error instanceof AddressRefused) this.refusal = error.message
  }
}
