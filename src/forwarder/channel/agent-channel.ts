import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { formatHostAndPort, type HostAndPort } from '../../lib/host-policy.ts'
import type { Log } from '../../lib/log.ts'
import type { AgentChannel, ForwardingContext, McpForwarding } from '../../sessions/ports/index.ts'
import type { AddressRefused, Connector } from '../connector.ts'
import { McpRoutes } from '../mcp-routes.ts'
import { isSameToken, makeToken, readPassword } from '../tokens.ts'
import { isLogin, type ModelAccess, replaceAccess } from './model-access.ts'
import { ModelRoute } from './model-route.ts'
import { ProxyRoute } from './proxy-route.ts'

const modelPath = '/model'
const maxConnections = 256
const headersBoundMs = 15_000
/** How often Node looks for requests that take too long. */
const checkMs = 5_000
/** A misled agent may ask for many hosts; each is logged once. */
const maxLoggedHosts = 20

export interface ChannelParts {
  port: number
  access: ModelAccess
  /** The connections to the model's API, to MCP servers, and of programs in the box. */
  connectors: { model: Connector; mcp: Connector; programs: Connector }
  /** Whether all hosts may be reached. */
  isOpen: boolean
  context: ForwardingContext
  log: Pick<Log, 'warn'>
  /** Called when it is closed. */
  onClosed(): void
}

/** The HTTP server of one box; see the port `AgentChannel`. */
export class BoxChannel implements AgentChannel {
  readonly address: string
  readonly #parts: ChannelParts
  readonly #token = makeToken()
  readonly #server = createServer({
    headersTimeout: headersBoundMs,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: 0,
  })
  readonly #sockets = new Set<Socket>()
  readonly #mcpRoutes: McpRoutes
  readonly #modelRoute: ModelRoute | undefined
  readonly #proxyRoute: ProxyRoute
  readonly #loggedHosts = new Set<string>()

  constructor(parts: ChannelParts) {
    this.#parts = parts
    const { access, connectors, log } = parts
    this.address = `127.0.0.1:${parts.port}`
    this.#mcpRoutes = new McpRoutes(log)
    if (access.kind === 'forwarded')
      this.#modelRoute = new ModelRoute(access, this.#token, connectors.model, parts.isOpen)
    this.#proxyRoute = new ProxyRoute(connectors.programs, (target, error) =>
      this.#noteRefused(target, error),
    )
    this.#server.maxConnections = maxConnections
    this.#server.on('connection', socket => this.#keep(socket))
    this.#server.on('request', (request, response) => {
      response.on('error', () => {})
      this.#serve(request, response).catch(error => {
        log.warn({ ...parts.context, err: error }, 'forwarded request failed')
        response.destroy()
      })
    })
    this.#server.on('connect', (request, socket, head) => {
      if (this.#isOwn(request)) void this.#proxyRoute.tunnel(request, socket, head)
      else
        socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: ${challenge}\r\n\r\n`)
    })
  }

  inside(environment: Readonly<Record<string, string>>): Record<string, string> {
    const proxy = `http://box:${this.#token}@${this.address}`
    const proxies = Object.fromEntries(proxyNames.map(name => [name, proxy]))
    const { access } = this.#parts
    const url = `http://${this.address}${modelPath}`
    const inside =
      access.kind === 'forwarded'
        ? replaceAccess(environment, access.credentials, this.#token, url)
        : environment
    return {
      ...inside,
      ...proxies,
      NO_PROXY: localNames,
      no_proxy: localNames,
      // Settings files can then change neither the address nor the credentials. Claude Code would also not use a login.
      ...(!isLogin(environment) && { CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1' }),
      ...(!this.#parts.isOpen && { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' }),
    }
  }

  openMcp(context: ForwardingContext): McpForwarding {
    return this.#mcpRoutes.open(this.address, this.#parts.connectors.mcp, context)
  }

  serve(listener: Server): void {
    // The process has been replaced by another one in the same box.
    if (this.#server.listening) this.#server.close()
    this.#server.listen(listener)
  }

  close(): void {
    this.#mcpRoutes.close()
    this.#modelRoute?.close()
    this.#proxyRoute.close()
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#parts.onClosed()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '' } = request
    if (/^https?:\/\//i.test(url)) {
      if (this.#isOwn(request)) await this.#proxyRoute.serve(request, response)
      else response.writeHead(407, { 'proxy-authenticate': challenge, connection: 'close' }).end()
    } else if (this.#modelRoute && url.startsWith(`${modelPath}/`)) {
      await this.#modelRoute.serve(url.slice(modelPath.length), request, response)
    } else await this.#mcpRoutes.serve(request, response)
  }

  #isOwn(request: IncomingMessage): boolean {
    return isSameToken(readPassword(request) ?? '', this.#token)
  }

  #noteRefused(target: HostAndPort, { message }: AddressRefused): void {
    const host = formatHostAndPort(target)
    if (this.#loggedHosts.has(host) || this.#loggedHosts.size >= maxLoggedHosts) return
    this.#loggedHosts.add(host)
    this.#parts.log.warn({ ...this.#parts.context, host, reason: message }, 'address refused')
  }
}

const challenge = 'Basic realm="forwarder"'
const localNames = 'localhost,127.0.0.1,::1'
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
