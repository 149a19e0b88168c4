import { lookup as lookupSystem } from 'node:dns/promises'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { formatHostAndPort, type HostAndPort, type HostPolicy } from '../lib/host-policy.ts'
import { allowsHost, type NetworkRule } from '../lib/network-rule.ts'
import type { FindProxy } from './operator-proxy.ts'

/** The time from the lookup of a name to a usable connection, in milliseconds. */
const connectBoundMs = 15_000
/** The time to find out which of several addresses responds, in milliseconds. */
const pinBoundMs = 5_000

/** Thrown for an address that is not allowed. */
export class AddressRefused extends Error {
  /** @param message the reason; left out: the address is not public */
  constructor(target: HostAndPort, message = notPublic(target)) {
    super(message)
  }
}

/** Thrown for a host that the rule of the network does not allow. */
export class NetworkRefused extends AddressRefused {
  constructor(target: HostAndPort) {
    const entry = formatHostAndPort(target)
    super(
      target,
      `${target.host} cannot be reached from here; this server's owner can allow it with agentNetwork: ["${entry}"]`,
    )
  }
}

function notPublic(target: HostAndPort): string {
  const named = isIP(target.host) !== 0 || target.host === 'localhost'
  const what = named
    ? `${target.host} is not a public address`
    : `${target.host} resolves to an address that is not public`
  const entry = formatHostAndPort(target)
  return `${what}; this server's owner can allow it with allowedPrivateHosts: ["${entry}"]`
}

/** Thrown when a server cannot be reached; the message is for the caller. */
export class Unreachable extends Error {}

export interface ResolvedAddress {
  address: string
  family: number
}

/** Resolves a name as the system does. */
export type Lookup = (host: string) => Promise<ResolvedAddress[]>

const systemLookup: Lookup = host => lookupSystem(host, { all: true })

/** Opens connections to hosts that the policy allows. Names are resolved once and pinned to the checked addresses. */
export class Connector {
  readonly policy: HostPolicy
  readonly #findProxy: FindProxy
  readonly #ca: readonly string[]
  readonly #lookup: Lookup
  readonly #network: NetworkRule

  /** @param ca certificates of trusted authorities, in PEM */
  constructor(
    policy: HostPolicy,
    findProxy: FindProxy,
    ca: readonly string[],
    lookup = systemLookup,
    network: NetworkRule = 'all',
  ) {
    this.#lookup = lookup
    this.#network = network
    this.policy = policy
    this.#findProxy = findProxy
    this.#ca = ca
  }

  /** Returns a connector for other hosts, which connects in the same way. */
  with(policy: HostPolicy, network: NetworkRule = 'all'): Connector {
    return new Connector(policy, this.#findProxy, this.#ca, this.#lookup, network)
  }

  /**
   * Resolves a host, and checks all its addresses.
   * @throws AddressRefused, Unreachable
   */
  async resolve(target: HostAndPort): Promise<ResolvedAddress[]> {
    const { host, port } = target
    this.#checkNetwork(target)
    if (this.policy.refusesByName(target)) throw new AddressRefused(target)
    const family = isIP(host)
    if (family !== 0) return [{ address: host, family }]
    const found = await this.#lookup(host).catch(() => [])
    if (found.length === 0) throw new Unreachable(`The name ${host} could not be resolved`)
    if (this.policy.lists(target)) return found
    if (!found.every(({ address }) => this.policy.allowsAddress(address, port)))
      throw new AddressRefused(target)
    return found
  }

  /** @param secure whether to use TLS @throws AddressRefused, Unreachable */
  async connect(target: HostAndPort, secure: boolean, closed: AbortSignal): Promise<Socket> {
    const tcp = await this.connectPlain(target, secure, closed)
    if (!secure) return tcp
    const socket = connectTls({ ...this.#tls(target.host), socket: tcp })
    return this.#whenSecure(socket, target, closed)
  }

  /**
   * Opens a connection without TLS, through the operator's proxy if there is one.
   * @param secure selects the operator's proxy for https or http
   */
  async connectPlain(target: HostAndPort, secure: boolean, closed: AbortSignal): Promise<Socket> {
    const signal = AbortSignal.any([closed, AbortSignal.timeout(connectBoundMs)])
    this.#checkNetwork(target)
    const proxy = this.#findProxy(target, secure)
    // A name in the list of private hosts may be known only to the proxy.
    if (proxy && this.policy.lists(target)) return this.#tunnel(proxy, target, signal)
    const addresses = await within(this.resolve(target), signal, target)
    if (!proxy) return openSocket(target, addresses, signal)
    const [first = { address: target.host }] = addresses
    return this.#tunnel(proxy, { host: first.address, port: target.port }, signal)
  }

  /**
   * Returns the first address of a host that responds, for other programs to connect to.
   * @throws AddressRefused, Unreachable
   */
  async pin(target: HostAndPort): Promise<string> {
    const addresses = await within(this.resolve(target), AbortSignal.timeout(connectBoundMs), target)
    const socket = await openSocket(target, addresses, AbortSignal.timeout(pinBoundMs)).catch(() => undefined)
    const answering = socket?.remoteAddress
    socket?.destroy()
    return answering ?? addresses[0]?.address ?? target.host
  }

  #checkNetwork(target: HostAndPort): void {
    if (!allowsHost(this.#network, target)) throw new NetworkRefused(target)
  }

  async #tunnel(proxy: URL, target: HostAndPort, signal: AbortSignal): Promise<Socket> {
    const secure = proxy.protocol === 'https:'
    const at = {
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port) || (secure ? 443 : 80),
    }
    const tcp = await openSocket(at, undefined, signal)
    const socket = secure
      ? await this.#whenSecure(connectTls({ ...this.#tls(at.host), socket: tcp }), at, signal)
      : tcp
    const path = formatHostAndPort(target)
    const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
    const headers = {
      host: path,
      ...(login !== ':' && { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
    }
    const request = httpRequest({
      method: 'CONNECT',
      path,
      headers,
      createConnection: () => socket,
    })
    request.end()
    try {
      const [response, tunnel] = await once(request, 'connect', { signal })
      if (response.statusCode === 200) return tunnel
      tunnel.destroy()
      throw new Unreachable(`The proxy responded with ${response.statusCode}`)
    } catch (error) {
      socket.destroy()
      throw error instanceof Unreachable ? error : new Unreachable('The proxy could not be used')
    }
  }

  #tls(host: string) {
    const name = isIP(host) === 0 ? { servername: host } : {}
    return { host, ...name, ca: [...this.#ca], ALPNProtocols: ['http/1.1'] }
  }

  async #whenSecure(socket: TLSSocket, target: HostAndPort, closed: AbortSignal): Promise<Socket> {
    const signal = AbortSignal.any([closed, AbortSignal.timeout(connectBoundMs)])
    try {
      await once(socket, 'secureConnect', { signal })
      return socket
    } catch (error) {
      socket.destroy()
      throw new Unreachable(`No secure connection to ${target.host}: ${codeOf(error)}`)
    }
  }
}

/** @param addresses undefined: the system resolves the name, because the operator configured it */
async function openSocket(
  { host, port }: HostAndPort,
  addresses: readonly ResolvedAddress[] | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const pinned: LookupFunction = (_host, _options, callback) => callback(null, [...(addresses ?? [])])
  const socket = connectTcp({ host, port, ...(addresses && { lookup: pinned, autoSelectFamily: true }) })
  try {
    await once(socket, 'connect', { signal })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    return socket
  } catch (error) {
    socket.destroy()
    throw new Unreachable(`${host} could not be reached: ${codeOf(error)}`)
  }
}

async function within<T>(work: Promise<T>, signal: AbortSignal, { host }: HostAndPort): Promise<T> {
  const bound = Promise.withResolvers<never>()
  const giveUp = () => bound.reject(new Unreachable(`The name ${host} could not be resolved in time`))
  signal.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work, bound.promise])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException
  return name === 'AbortError' ? 'it took too long' : (code ?? 'unknown error')
}
