import type { Request, RequestHandler, Response } from 'express'
import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import type { HttpOptions } from './options.ts'

/** How long a browser may cache a preflight response; the maximum of Chromium. */
const maxAgeSeconds = 7_200

/** Request headers of all operations, in addition to those of the operation and of the key. */
const requestHeaders = ['Authorization', 'Content-Type', 'X-Request-ID']
/** Response headers of all operations, in addition to those in the table. */
const responseHeaders = [
  'Allow',
  'Content-Range',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-ID',
]

/**
 * Lets pages of the allowed origins read all responses, including errors and streams, and responds to preflights.
 * Browsers may not send credentials of their own: the page sends the key in a header.
 */
export function allowOrigins({ origins }: HttpOptions['cors'], apiKeyHeader: string): RequestHandler {
  if (origins.length === 0) return (_req, _res, next) => next()
  const allowed = new Set(origins)
  const exposed = [...new Set([...responseHeaders, ...operationIds.flatMap(namesOfResponseHeaders)])].sort()
  const paths = toPreflights(apiKeyHeader)
  return (req, res, next) => {
    res.vary('Origin')
    const { origin } = req.headers
    if (origin === undefined || !allowed.has(origin)) return next()
    res.setHeader('Access-Control-Allow-Origin', origin)
    if (isPreflight(req)) return answerPreflight(req, res, isDoor(req) ? ofDoors(req) : paths(req.path))
    if (isDoor(req)) {
      // Each protocol has headers of its own.
      res.setHeader('Access-Control-Expose-Headers', '*')
      return next()
    }
    res.setHeader(
      'Access-Control-Expose-Headers',
      join(res.getHeader('Access-Control-Expose-Headers'), exposed),
    )
    next()
  }
}

interface Preflight {
  methods: string
  headers: string
}

function isDoor({ path }: Request): boolean {
  return path.startsWith('/doors/')
}

/** A key in a header is what opens a door, and the key is not sent by the browser. */
function ofDoors(req: Request): Preflight {
  const asked = String(req.headers['access-control-request-headers'] ?? '')
  return { methods: 'GET, HEAD, POST, PUT, PATCH, DELETE', headers: asked }
}

function isPreflight(req: Request): boolean {
  return req.method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined
}

function answerPreflight(req: Request, res: Response, { methods, headers }: Preflight): void {
  res.setHeader('Access-Control-Allow-Methods', methods)
  res.setHeader('Access-Control-Allow-Headers', headers)
  res.setHeader('Access-Control-Max-Age', String(maxAgeSeconds))
  res.vary('Access-Control-Request-Method')
  res.vary('Access-Control-Request-Headers')
  if (req.headers['access-control-request-private-network'] === 'true') {
    // Needed by a page on a public address that calls a server in a private network.
    res.setHeader('Access-Control-Allow-Private-Network', 'true')
  }
  res.statusCode = 204
  res.end()
}

/** Returns the allowed methods and headers of a path. Unknown paths allow everything, so that pages can read the 404. */
function toPreflights(apiKeyHeader: string): (path: string) => Preflight {
  const make = (ids: readonly OperationId[]): Preflight => ({
    methods: [...new Set(ids.flatMap(namesOfMethods))].join(', '),
    headers: [...new Set([apiKeyHeader, ...requestHeaders, ...ids.flatMap(namesOfRequestHeaders)])].join(
      ', ',
    ),
  })
  const known = [...Map.groupBy(operationIds, id => getOperation(id).path)].map(([path, ids]) => ({
    pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/:\w+/g, '[^/]+')}/?$`),
    preflight: make(ids),
  }))
  const unknown = make(operationIds)
  return path => known.find(({ pattern }) => pattern.test(path))?.preflight ?? unknown
}

function namesOfMethods(id: OperationId): string[] {
  const method = getOperation(id).method.toUpperCase()
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}

function namesOfRequestHeaders(id: OperationId): string[] {
  return Object.keys(getOperation(id).headers?.shape ?? {})
}

function namesOfResponseHeaders(id: OperationId): string[] {
  return getOperation(id).success.flatMap(({ headers = {} }) => Object.keys(headers))
}

/** Keeps headers that the host application has exposed. */
function join(set: number | string | string[] | undefined, names: readonly string[]): string {
  return [...(set === undefined ? [] : [set].flat().map(String)), ...names].join(', ')
}
