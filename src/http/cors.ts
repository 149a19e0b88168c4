import type { Request, RequestHandler, Response } from 'express'
import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import type { HttpOptions } from './options.ts'

/** How long a browser may keep the answer to a preflight; Chromium keeps none longer. */
const maxAgeSeconds = 7_200

/** Request headers that any operation may be sent, beside those of the operation and the key's own. */
const requestHeaders = ['Authorization', 'Content-Type', 'X-Request-ID']
/** Response headers that any operation may answer with, beside those of the table. */
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
 * Lets pages of the allowed origins read every answer, errors and streams included, and answers their preflights.
 * Browsers get no leave to send credentials of their own: a page sends the key in its header.
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
    if (isPreflight(req)) return answerPreflight(req, res, paths(req.path))
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
    // A page on a public address that asks for a server in a private network.
    res.setHeader('Access-Control-Allow-Private-Network', 'true')
  }
  res.statusCode = 204
  res.end()
}

/** What may be sent to a path. An unknown one takes everything, so that the page can read its 404. */
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

/** The host application may have exposed headers of its own. */
function join(set: number | string | string[] | undefined, names: readonly string[]): string {
  return [...(set === undefined ? [] : [set].flat().map(String)), ...names].join(', ')
}
