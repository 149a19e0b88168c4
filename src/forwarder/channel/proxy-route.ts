import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type HostAndPort, toHostAndPort } from '../../lib/host-policy.ts'
import { AddressRefused, type Connector, Unreachable } from '../connector.ts'
import { toEndToEnd } from '../http-headers.ts'
import { openTunnel, refuseTunnel } from '../tunnel.ts'

/** The HTTP proxy for all programs in a box. Redirects are left to the programs, which ask again. */
export class ProxyRoute {
  readonly #connector: Connector
  readonly #onRefused: (target: HostAndPort, error: AddressRefused) => void
  readonly #closed = new AbortController()

  /** @param connector reaches the hosts that are allowed */
  constructor(connector: Connector, onRefused: (target: HostAndPort, error: AddressRefused) => void) {
    this.#connector = connector
    this.#onRefused = onRefused
  }

  close(): void {
    this.#closed.abort()
  }

  /** Handles a request with an absolute URL. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
    const target = url && toHostAndPort(url)
    if (!target || url.protocol !== 'http:') return void response.writeHead(400).end()
    const left = new AbortController()
    response.once('close', () => left.abort())
    const signal = AbortSignal.any([left.signal, this.#closed.signal])
    try {
      const answer = await this.#send(request, url, target, signal)
      response.writeHead(answer.statusCode ?? 502, toEndToEnd(answer.headers))
      response.flushHeaders()
      await pipeline(answer, response)
    } catch (error) {
      if (left.signal.aborted) return
      if (error instanceof AddressRefused) this.#onRefused(target, error)
      const text = error instanceof AddressRefused || error instanceof Unreachable ? `${error.message}\n` : ''
      if (response.headersSent) response.destroy()
      else {
        const headers = { 'content-type': 'text/plain', connection: 'close' }
        response.writeHead(error instanceof AddressRefused ? 403 : 502, headers).end(text)
      }
    }
  }

  /** Handles `CONNECT host:port`. */
  async tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const text = `https://${request.url}/`
    const url = URL.canParse(text) ? new URL(text) : undefined
    // Without a path or user, so that nothing but a host and a port is understood as a target.
    const target = url && url.pathname === '/' && url.username === '' ? toHostAndPort(url) : undefined
    if (!target) return refuseTunnel(client, new Unreachable('The target is not valid'))
    const error = await openTunnel(this.#connector, target, client, head, this.#closed.signal)
    if (error instanceof AddressRefused) this.#onRefused(target, error)
  }

  async #send(request: IncomingMessage, url: URL, target: HostAndPort, signal: AbortSignal) {
    const socket = await this.#connector.connectPlain(target, false, signal)
    const answer = Promise.withResolvers<IncomingMessage>()
    const sent = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...toEndToEnd(request.headers, ['expect']), host: url.host, connection: 'close' },
      setHost: false,
      signal,
    })
    sent.once('response', answer.resolve)
    sent.once('close', () => answer.reject(new Unreachable(`${target.host} did not respond`)))
    // Errors after the response surface there.
    sent.on('error', answer.reject)
    pipeline(request, sent).catch(answer.reject)
    return answer.promise
  }
}
