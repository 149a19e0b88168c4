import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import tls from 'node:tls'
import { ServiceError } from '../contract/errors.ts'
import { HostPolicy, toHostAndPort } from '../lib/host-policy.ts'
import type { Log } from '../lib/log.ts'
import type { NetworkRule } from '../lib/network-rule.ts'
import type {
  AddressForwarder,
  AgentChannel,
  AgentChannels,
  CloneForwarding,
  ForwardingContext,
  McpForwarding,
  OutgoingPush,
  OutgoingWebhook,
  PushKeys,
  PushSender,
  WebhookResponse,
  WebhookSender,
} from '../sessions/ports/index.ts'
import { defaultTenantId } from '../sessions/records.ts'
import type { BoxChannel } from './channel/agent-channel.ts'
import { type ChannelPolicy, openChannel } from './channel/open-channel.ts'
import { noExceptions, planWithoutHttp } from './clone-plan.ts'
import { CloneRoute } from './clone-route.ts'
import { AddressRefused, Connector, type Lookup, Unreachable } from './connector.ts'
import { McpRoutes } from './mcp-routes.ts'
import { createFindProxy } from './operator-proxy.ts'
import { makePushKeys } from './push-encryption.ts'
import { sendPush } from './push-sender.ts'
import { makeToken, readPassword } from './tokens.ts'
import { postWebhook } from './webhook-sender.ts'

export interface ForwarderOptions {
  /** `host:port` of hosts that may be private. */
  allowedPrivateHosts: readonly string[]
  /** The environment with the operator's proxies. */
  environment: Readonly<Record<string, string>>
  /** The hosts that programs in a box may reach. Default: all. */
  agentNetwork?: NetworkRule
  /** The port of channels inside their boxes; tests without a box need a free one. */
  channelPort?: number
  /** Certificates of additional trusted authorities, in PEM. */
  certificates?: readonly string[]
  /** Default: the system's resolver. */
  lookup?: Lookup
  log: Pick<Log, 'warn'>
}

/**
 * The server on loopback through which Claude Code and git reach addresses that callers name; see the port
 * `AddressForwarder`. Every route has an unguessable path or password; all other requests are refused.
 */
export class Forwarder implements AddressForwarder, AgentChannels, WebhookSender, PushSender {
  readonly #log: ForwarderOptions['log']
  readonly #connector: Connector
  readonly #ofOtherTenants: Connector
  readonly #server = createServer()
  readonly #sockets = new Set<Socket>()
  readonly #mcpRoutes: McpRoutes
  readonly #allowedPrivateHosts: readonly string[]
  readonly #channelPolicy: Omit<ChannelPolicy, 'allowedPrivateHosts'>
  readonly #channels = new Set<BoxChannel>()
  readonly #cloneRoutes = new Map<string, CloneRoute>()

  private constructor({
    allowedPrivateHosts,
    environment,
    agentNetwork = 'all',
    channelPort,
    certificates = [],
    lookup,
    log,
  }: ForwarderOptions) {
    this.#log = log
    this.#allowedPrivateHosts = allowedPrivateHosts
    const trusted = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...certificates]
    const policy = new HostPolicy(allowedPrivateHosts)
    this.#connector = new Connector(policy, createFindProxy(environment), trusted, lookup)
    this.#ofOtherTenants = this.#connector.with(new HostPolicy([]))
    this.#channelPolicy = { port: channelPort, network: agentNetwork, environment, log }
    this.#mcpRoutes = new McpRoutes(log)
  }

  static async open(options: ForwarderOptions): Promise<Forwarder> {
    const forwarder = new Forwarder(options)
    await forwarder.#listen()
    return forwarder
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  openMcp(context: ForwardingContext): McpForwarding {
    return this.#mcpRoutes.open(this.address, this.#connectorOf(context.tenantId), context)
  }

  openChannel(own: Readonly<Record<string, string>>, context: ForwardingContext): AgentChannel {
    const connector = this.#connectorOf(context.tenantId)
    const allowedPrivateHosts = context.tenantId === defaultTenantId ? this.#allowedPrivateHosts : []
    const policy = { ...this.#channelPolicy, allowedPrivateHosts }
    const onClosed = () => this.#channels.delete(channel)
    const channel = openChannel(policy, connector, own, context, onClosed)
    this.#channels.add(channel)
    return channel
  }

  async openClone(url: URL, tenantId: string): Promise<CloneForwarding> {
    const connector = this.#connectorOf(tenantId)
    const target = toHostAndPort(url)
    if (!target) throw notAllowed('The host in workspace.url is not valid')
    if (connector.policy.refusesByName(target)) throw notAllowed(new AddressRefused(target).message)
    if (!/^https?:$/.test(url.protocol)) {
      const plan = await planWithoutHttp(url, target, connector).catch(error => {
        if (error instanceof AddressRefused) throw notAllowed(error.message)
        // Git reports unreachable hosts best.
        if (error instanceof Unreachable) return undefined
        throw error
      })
      if (!plan)
        throw new ServiceError('WORKSPACE_FAILED', unreachable, { type: 'git', reason: 'unreachable' })
      return { ...plan, refusal: undefined, close() {} }
    }
    const route = new CloneRoute(url, target, connector)
    const token = makeToken()
    this.#cloneRoutes.set(token, route)
    return {
      address: url.href,
      settings: { 'http.proxy': `http://git:${token}@${this.address}`, 'http.proxyAuthMethod': 'basic' },
      environment: noExceptions,
      get refusal() {
        return route.refusal
      },
      close: () => {
        this.#cloneRoutes.delete(token)
        route.close()
      },
    }
  }

  post(webhook: OutgoingWebhook): Promise<WebhookResponse> {
    return postWebhook(this.#connectorOf(webhook.tenantId), webhook)
  }

  push(message: OutgoingPush): Promise<WebhookResponse> {
    return sendPush(this.#connectorOf(message.tenantId), message)
  }

  makeKeys(): PushKeys {
    return makePushKeys()
  }

  #connectorOf(tenantId: string): Connector {
    return tenantId === defaultTenantId ? this.#connector : this.#ofOtherTenants
  }

  async close(): Promise<void> {
    this.#mcpRoutes.close()
    for (const channel of this.#channels) channel.close()
    for (const route of this.#cloneRoutes.values()) route.close()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #listen(): Promise<void> {
    const server = this.#server
    // Claude Code keeps idle connections for a long time; closing one just when it is reused would look like an error.
    server.keepAliveTimeout = 0
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    server.on('request', (request, response) => {
      response.on('error', () => {})
      this.#serve(request, response).catch(error => {
        this.#log.warn({ err: error }, 'forwarded request failed')
        response.destroy()
      })
    })
    server.on('connect', (request, socket, head) => {
      const route = this.#cloneRoutes.get(readPassword(request) ?? '')
      if (route) void route.tunnel(request, socket as Socket, head)
      else socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${challenge}\r\n\r\n`)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '' } = request
    if (/^https?:\/\//i.test(url)) {
      const route = this.#cloneRoutes.get(readPassword(request) ?? '')
      if (route) await route.serve(request, response)
      else response.writeHead(407, { 'proxy-authenticate': 'Basic realm="forwarder"' }).end()
      return
    }
    await this.#mcpRoutes.serve(request, response)
  }
}

const challenge = 'Proxy-Authenticate: Basic realm="forwarder"'
const unreachable = 'The workspace could not be created: the server of the repository could not be reached'

function notAllowed(why: string): ServiceError<'WORKSPACE_NOT_ALLOWED'> {
  return new ServiceError('WORKSPACE_NOT_ALLOWED', `Cloning from this URL is not allowed: ${why}`)
}
