import type { Request } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { type Authority, isLoopbackName, parseAuthority } from '../lib/host-name.ts'
import { type Forwarding, listOf } from './forwarding.ts'
import type { HttpOptions } from './options.ts'

/** The names under which browsers reach this server. */
export interface OwnOrigins {
  /** Whether all hosts that the request names are ones that a foreign name server cannot define. */
  isAddressed(req: Request): boolean
  /** Whether the origin is the one that the request was sent to. */
  isOwn(req: Request, origin: string): boolean
}

export function createOwnOrigins(
  config: Pick<HttpOptions, 'allowedHosts' | 'publicUrl'>,
  forwarding: Forwarding,
): OwnOrigins {
  const publicUrl = config.publicUrl === undefined ? undefined : new URL(config.publicUrl)
  const allowedHosts = new Set([...config.allowedHosts, ...(publicUrl ? [publicUrl.host] : [])])

  const isAllowedHost = (text: string) => {
    const host = parseAuthority(text)
    if (!host) return false
    if (isLoopbackName(host.name) || allowedHosts.has(host.name)) return true
    return allowedHosts.has(`${host.name}:${host.port ?? ''}`)
  }
  return {
    isAddressed: req => hostsOf(req).every(isAllowedHost),
    isOwn: (req, origin) =>
      origin === publicUrl?.origin ||
      [...(req.headersDistinct.host ?? []), ...forwarding.hostsOf(req)].some(host =>
        isOriginOf(origin, host),
      ),
  }
}

/** Returns all hosts that the request names as its target; an empty text if there is none. */
function hostsOf(req: Request): string[] {
  const hosts = req.headersDistinct.host ?? ['']
  const [, target] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(req.originalUrl) ?? []
  return [
    // Servers differ in which of two values they use.
    ...(hosts.length === 1 ? hosts : ['']),
    ...(target === undefined ? [] : [target]),
    // Untrusted proxies are included: they can only add a reason to refuse.
    ...listOf(req, 'x-forwarded-host'),
  ]
}

function isOriginOf(origin: string, hostHeader: string): boolean {
  const host = parseAuthority(hostHeader)
  if (!host || !URL.canParse(origin)) return false
  const url = new URL(origin)
  // The scheme may differ: behind a proxy with TLS this server sees plain HTTP.
  return /^https?:$/.test(url.protocol) && url.origin === origin && isSamePlace(url, host)
}

function isSamePlace({ protocol, host, port }: URL, other: Authority): boolean {
  const defaultPort = protocol === 'https:' ? '443' : '80'
  const [name] = port === '' ? [host] : [host.slice(0, -port.length - 1)]
  return name?.replace(/\.$/, '') === other.name && (port || defaultPort) === (other.port ?? defaultPort)
}

export function hostNotAllowed(): ServiceError<'HOST_NOT_ALLOWED'> {
  return new ServiceError(
    'HOST_NOT_ALLOWED',
    'Without an API key, Host must be a loopback name, in the option allowedHosts, or the host of publicUrl',
    { option: 'allowedHosts' },
  )
}
