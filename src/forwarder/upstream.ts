import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { type HostAndPort, toHostAndPort } from '../lib/host-policy.ts'
import { type Connector, Unreachable } from './connector.ts'

const maxRedirects = 5
/** Headers that are never sent to another origin, in addition to those that the session configures. */
const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization', 'mcp-session-id']

export interface UpstreamRequest {
  url: URL
  method: string
  /** Headers for all origins, except credentials. */
  headers: OutgoingHttpHeaders
  /** Headers for the origin of the URL only. */
  ownHeaders?: Readonly<Record<string, string>>
  body?: Buffer
  /** Default: true. */
  followsRedirects?: boolean
  signal: AbortSignal
}

/** The open connections of one owner to external servers. Redirects are checked like the first address. */
export class Upstream {
  readonly #connector: Connector
  readonly #agents = new Map<string, PinnedAgent>()
  readonly #closed = new AbortController()
  /** The origin that an MCP session id came from. */
  readonly #sessionOrigins = new Map<string, string>()

  constructor(connector: Connector) {
    this.#connector = connector
  }

  /**
   * Sends a request and follows its redirects as `fetch` does.
   * @returns the response with its body unread, and its URL
   * @throws AddressRefused, Unreachable
   */
  async send(request: UpstreamRequest): Promise<{ response: IncomingMessage; url: URL }> {
    let { url, method, body } = request
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const headers = this.#headersFor(request, url, body)
      const response = await this.#sendOnce(url, method, headers, body, request.signal)
      const next = request.followsRedirects === false ? undefined : redirectOf(response, url)
      if (!next) {
        this.#noteSession(response, url)
        return { response, url }
      }
      response.destroy()
      const keeps = response.statusCode === 307 || response.statusCode === 308
      if (!keeps && method !== 'GET' && method !== 'HEAD') {
        method = 'GET'
        body = undefined
      }
      url = next
    }
    throw new Unreachable(`${request.url.host} redirects too often`)
  }

  close(): void {
    this.#closed.abort()
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #headersFor({ url: first, headers, ownHeaders = {} }: UpstreamRequest, url: URL, body?: Buffer) {
    const isOwn = url.origin === first.origin
    const sent: OutgoingHttpHeaders = isOwn ? { ...headers, ...ownHeaders } : { ...headers }
    const sessionId = String(sent['mcp-session-id'] ?? '')
    const sessionOrigin = this.#sessionOrigins.get(sessionId) ?? first.origin
    if (!isOwn) for (const name of credentialHeaders) delete sent[name]
    if (sessionId !== '' && sessionOrigin === url.origin) sent['mcp-session-id'] = sessionId
    else delete sent['mcp-session-id']
    if (body === undefined) delete sent['content-type']
    return { ...sent, host: url.host, ...(body && { 'content-length': body.length }) }
  }

  async #sendOnce(
    url: URL,
    method: string,
    headers: OutgoingHttpHeaders,
    body: Buffer | undefined,
    signal: AbortSignal,
    again = false,
  ): Promise<IncomingMessage> {
    const target = toHostAndPort(url)
    if (!target || !/^https?:$/.test(url.protocol)) throw new Unreachable('The address is not http or https')
    const agent = this.#agentOf(url, target)
    const answer = Promise.withResolvers<IncomingMessage>()
    const path = `${url.pathname}${url.search}`
    const options = {
      agent,
      protocol: url.protocol,
      host: target.host,
      port: target.port,
      method,
      path,
      headers,
    }
    const request = httpRequest({ ...options, signal, setHost: false })
    request.once('response', answer.resolve)
    request.once('error', answer.reject)
    request.once('upgrade', (_response, socket) => {
      socket.destroy()
      answer.reject(new Unreachable(`${target.host} switched protocols without being asked to`))
    })
    // Without a response, this is the last that is heard of the request.
    request.once('close', () => answer.reject(new Unreachable(`${target.host} did not respond`)))
    // Later errors surface on the response.
    request.on('error', () => {})
    request.end(body)
    try {
      return await answer.promise
    } catch (error) {
      // The server has closed a kept-alive connection.
      const isReset = ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
      if (request.reusedSocket && isReset && !again && !signal.aborted)
        return this.#sendOnce(url, method, headers, body, signal, true)
      throw error
    }
  }

  #agentOf(url: URL, target: HostAndPort): PinnedAgent {
    const known = this.#agents.get(url.origin)
    if (known) return known
    const agent = new PinnedAgent(this.#connector, target, url.protocol === 'https:', this.#closed.signal)
    this.#agents.set(url.origin, agent)
    return agent
  }

  #noteSession({ headers }: IncomingMessage, url: URL): void {
    const id = headers['mcp-session-id']
    if (typeof id !== 'string') return
    if (this.#sessionOrigins.size >= 100) this.#sessionOrigins.clear()
    this.#sessionOrigins.set(id, url.origin)
  }
}

/** The kept-alive connections to one origin. */
class PinnedAgent extends Agent {
  readonly #open: () => Promise<Socket>

  constructor(connector: Connector, target: HostAndPort, secure: boolean, closed: AbortSignal) {
    super({ keepAlive: true, maxFreeSockets: 4, ...(secure && { defaultPort: 443, protocol: 'https:' }) })
    this.#open = () => connector.connect(target, secure, closed)
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    this.#open().then(
      socket => callback?.(null, socket),
      error => callback?.(error, undefined as never),
    )
  }
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined
  if (!URL.canParse(headers.location, from.href)) return undefined
  const url = new URL(headers.location, from)
  url.username = ''
  url.password = ''
  return url
}
