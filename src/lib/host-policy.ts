import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** The host and port of a connection. */
export interface HostAndPort {
  /** Lower case, without a trailing dot; IPv6 without brackets. */
  host: string
  port: number
}

const defaultPorts: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ssh:': 22,
  'git:': 9418,
}

/**
 * Parses the target of a URL. All notations of IPv4 addresses (decimal, octal, hexadecimal, short) are parsed as in
 * browsers, for all schemes.
 *
 * @returns undefined for a URL without a host or with a port that does not exist
 */
export function toHostAndPort(url: URL): HostAndPort | undefined {
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port)
  if (port === undefined || port < 1 || !URL.canParse(`http://${url.hostname}/`)) return undefined
  const host = toHost(new URL(`http://${url.hostname}/`).hostname)
  // Hosts are used in commands and headers, so names must not contain special characters.
  return isIP(host) !== 0 || /^[a-z0-9._-]+$/.test(host) ? { host, port } : undefined
}

/** Parses `host:port`; IPv6 addresses are in brackets. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\]+):(\d{1,5})$/i.exec(text) ?? []
  if (host === undefined || !URL.canParse(`http://${host}:${port}/`)) return undefined
  const url = new URL(`http://${host}:${port}/`)
  return toHostAndPort(url)
}

export function formatHostAndPort({ host, port }: HostAndPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The policy for outgoing connections: public addresses and the hosts in the list are allowed. */
export class HostPolicy {
  readonly #allowed: ReadonlySet<string>

  /** @param allowed `host:port` of hosts that may be private; malformed entries have no effect */
  constructor(allowed: readonly string[]) {
    const targets = allowed.map(parseHostAndPort).filter(target => target !== undefined)
    this.#allowed = new Set(targets.flatMap(withLoopback).map(formatHostAndPort))
  }

  /** Whether the list contains the host, so that its addresses are not checked. */
  lists(target: HostAndPort): boolean {
    return this.#allowed.has(formatHostAndPort(target))
  }

  /** Whether a host is refused without being resolved, because it is an address or a name of this machine. */
  refusesByName(target: HostAndPort): boolean {
    if (this.lists(target)) return false
    const { host } = target
    if (isIP(host) !== 0) return !isPublicAddress(host)
    return host === 'localhost' || host.endsWith('.localhost')
  }

  /** Whether a connection to this address is allowed. */
  allowsAddress(address: string, port: number): boolean {
    return isPublicAddress(address) || this.lists({ host: address, port })
  }
}

/** Treats `localhost` as all loopback addresses. */
function withLoopback(target: HostAndPort): HostAndPort[] {
  if (target.host !== 'localhost') return [target]
  return ['localhost', '127.0.0.1', '::1'].map(host => ({ host, port: target.port }))
}

function toHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
}
