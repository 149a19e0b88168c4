import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** A host and a port, as a connection is opened to them. */
export interface HostAndPort {
  /** Lower case, an IPv6 address without brackets, no dot at the end. */
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
 * Reads where a URL leads to. Every way of writing an IPv4 address (decimal, octal, hexadecimal, short) is read as
 * a browser reads it, for all schemes.
 *
 * @returns undefined for a URL without a host or with a port that does not exist
 */
export function toHostAndPort(url: URL): HostAndPort | undefined {
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port)
  if (port === undefined || port < 1 || !URL.canParse(`http://${url.hostname}/`)) return undefined
  const host = toHost(new URL(`http://${url.hostname}/`).hostname)
  // Hosts get into commands and headers: no character of another meaning is in a name.
  return isIP(host) !== 0 || /^[a-z0-9._-]+$/.test(host) ? { host, port } : undefined
}

/** Reads `host:port`; an IPv6 address is in brackets. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\]+):(\d{1,5})$/i.exec(text) ?? []
  if (host === undefined || !URL.canParse(`http://${host}:${port}/`)) return undefined
  const url = new URL(`http://${host}:${port}/`)
  return toHostAndPort(url)
}

export function formatHostAndPort({ host, port }: HostAndPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Which hosts and addresses may be connected to: public ones, and those of the list. */
export class HostPolicy {
  readonly #allowed: ReadonlySet<string>

  /** @param allowed `host:port` of hosts that need not be public; entries that are malformed allow nothing */
  constructor(allowed: readonly string[]) {
    const targets = allowed.map(parseHostAndPort).filter(target => target !== undefined)
    this.#allowed = new Set(targets.flatMap(withLoopback).map(formatHostAndPort))
  }

  /** Whether the list names the host: where its addresses lie does not count then. */
  lists(target: HostAndPort): boolean {
    return this.#allowed.has(formatHostAndPort(target))
  }

  /** Whether a host can be seen to be refused before it is resolved: an address, or a name of this machine. */
  refusesByName(target: HostAndPort): boolean {
    if (this.lists(target)) return false
    const { host } = target
    if (isIP(host) !== 0) return !isPublicAddress(host)
    return host === 'localhost' || host.endsWith('.localhost')
  }

  /** Whether a connection to this address may be opened. */
  allowsAddress(address: string, port: number): boolean {
    return isPublicAddress(address) || this.lists({ host: address, port })
  }
}

/** `localhost` is every loopback address that it stands for. */
function withLoopback(target: HostAndPort): HostAndPort[] {
  if (target.host !== 'localhost') return [target]
  return ['localhost', '127.0.0.1', '::1'].map(host => ({ host, port: target.port }))
}

function toHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
}
