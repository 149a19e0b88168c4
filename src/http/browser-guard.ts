import type { Request, RequestHandler } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { getOperation } from '../contract/operations.ts'
import { type Authority, isLoopbackName, parseAuthority } from '../lib/host-name.ts'
import { type Forwarding, listOf } from './forwarding.ts'
import type { HttpOptions } from './options.ts'
import { contextOf } from './request-context.ts'

/** Content types that a web page can send without a preflight. */
const sentByForms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']

/**
 * Refuses requests that a foreign web page makes a browser send. A key in a header proves that the caller meant the
 * request, because a page cannot send one without a preflight. Requests without such a key must come from the API's
 * own origin or an allowed one, and be addressed to a host that a foreign name server cannot define. The health check
 * is exempt: load balancers call it by address, and it changes nothing.
 */
export function refuseForeignPages(
  config: Pick<HttpOptions, 'cors' | 'allowedHosts' | 'publicUrl'>,
  forwarding: Forwarding,
): RequestHandler {
  const allowedOrigins = new Set(config.cors.origins)
  const publicUrl = config.publicUrl === undefined ? undefined : new URL(config.publicUrl)
  const allowedHosts = new Set([...config.allowedHosts, ...(publicUrl ? [publicUrl.host] : [])])

  const isAllowedHost = (text: string) => {
    const host = parseAuthority(text)
    if (!host) return false
    if (isLoopbackName(host.name) || allowedHosts.has(host.name)) return true
    return allowedHosts.has(`${host.name}:${host.port ?? ''}`)
  }
  const isOwnOrigin = (req: Request, origin: string) =>
    origin === publicUrl?.origin ||
    [...(req.headersDistinct.host ?? []), ...forwarding.hostsOf(req)].some(host => isOriginOf(origin, host))

  return (req, res, next) => {
    const { identity, operationId } = contextOf(res)
    if (identity.kind === 'known' && identity.provenByHeader) return next()
    const operation = operationId && getOperation(operationId)
    if (operation?.auth === 'none') return next()

    if (!hostsOf(req).every(isAllowedHost)) throw hostNotAllowed()
    const { origin, 'sec-fetch-site': site } = req.headers
    if (origin === undefined || !allowedOrigins.has(origin)) {
      if (origin !== undefined && !isOwnOrigin(req, origin)) throw originNotAllowed()
      if (site !== undefined && site !== 'same-origin' && site !== 'none') throw originNotAllowed()
    }
    if (operation?.method === 'post' && operation.upload !== null && isSentByForms(req)) {
      throw new ServiceError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Without an API key, send the upload with a Content-Type that HTML forms cannot send, such as application/octet-stream',
      )
    }
    next()
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

function isSentByForms(req: Request): boolean {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === undefined || type === '' || sentByForms.includes(type)
}

function hostNotAllowed(): ServiceError<'HOST_NOT_ALLOWED'> {
  return new ServiceError(
    'HOST_NOT_ALLOWED',
    'Without an API key, Host must be a loopback name, in the option allowedHosts, or the host of publicUrl',
    { option: 'allowedHosts' },
  )
}

function originNotAllowed(): ServiceError<'ORIGIN_NOT_ALLOWED'> {
  return new ServiceError(
    'ORIGIN_NOT_ALLOWED',
    'Without an API key, requests from web pages are accepted only from origins in the option cors.origins',
    { option: 'cors.origins' },
  )
}
