import { createServer, type IncomingMessage, request as sendRequest } from 'node:http'
import { Readable } from 'node:stream'
import express, { type Request as ClientRequest, type Router } from 'express'
import { invalidField } from '../../contract/errors.ts'
import { toErrorBody, toPublicError } from '../error-response.ts'
import type { Identity } from '../request-context.ts'
import { innerConnection } from './inner-socket.ts'

/** The facts of a request that a door sends to the API in the name of its caller. */
export interface InnerCaller {
  readonly identity: Identity
  /** Of the client. */
  readonly address: string
  /** The prefix of links in the response. */
  readonly base: string
  readonly requestId: string
  /** The request that has opened the socket from which this one comes; undefined: the client has sent a request for it. */
  readonly openedBy?: ClientRequest | undefined
}

/** Longer ones are refused by Node.js, together with the headers, in no form of the API. */
const maxUrlLength = 8_000
/** Statuses whose responses have no body. */
const bodiless = new Set([101, 204, 205, 304])

/**
 * Requests to the API from inside this process. They take the whole way through the router, on connections that
 * nothing outside can open; so keys, scopes, tenants, limits, the audit log and nodes hold for doors as for clients.
 */
export class InnerApi {
  readonly #callers = new WeakMap<object, InnerCaller>()
  readonly #server = createServer()

  /** Serves by this router from now on. */
  serveBy(router: Router): void {
    this.#server.on('request', express().disable('x-powered-by').use(router))
  }

  /** The facts of an inner request; undefined: it comes from outside. */
  callerOf({ socket }: Pick<IncomingMessage, 'socket'>): InnerCaller | undefined {
    return this.#callers.get(socket)
  }

  /** Returns a `fetch` that calls the API in the name of a caller. */
  fetchAs(caller: InnerCaller): typeof fetch {
    return async (input, init) => {
      const request = new Request(input, init)
      request.signal.throwIfAborted()
      const { pathname, search, searchParams } = new URL(request.url)
      if (pathname.length + search.length > maxUrlLength) return tooLong(caller, searchParams)
      const body = request.body && Buffer.from(await request.arrayBuffer())
      return this.#send(caller, `${pathname}${search}`, request, body)
    }
  }

  #send(caller: InnerCaller, path: string, request: Request, body: Buffer | null): Promise<Response> {
    const [clientSide, serverSide] = innerConnection()
    this.#callers.set(serverSide, caller)
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const headers = {
      ...Object.fromEntries(request.headers),
      host: 'api.internal',
      'x-request-id': caller.requestId,
      ...(body && { 'content-length': body.length }),
    }
    const sent = sendRequest({ method: request.method, path, headers, createConnection: () => clientSide })
    const abort = () => sent.destroy(request.signal.reason)
    request.signal.addEventListener('abort', abort, { once: true })
    sent.once('error', reject)
    sent.once('response', response => resolve(toResponse(response, request.method)))
    sent.once('close', () => {
      request.signal.removeEventListener('abort', abort)
      clientSide.destroy()
    })
    this.#server.emit('connection', serverSide)
    sent.end(body)
    return promise
  }
}

/** Names the longest parameter of the query; of a path no parameter is known by name. */
function tooLong({ requestId }: InnerCaller, query: URLSearchParams): Response {
  const lengths = new Map<string, number>()
  for (const [name, value] of query) lengths.set(name, (lengths.get(name) ?? 0) + value.length)
  const [name = ''] = [...lengths].reduce((longest, each) => (each[1] > longest[1] ? each : longest), ['', 0])
  const error = toPublicError(
    invalidField(name, `must be shorter: the address of a request has at most ${maxUrlLength} characters`),
    undefined,
  )
  return Response.json(toErrorBody(error, requestId), { status: 400 })
}

function toResponse(response: IncomingMessage, method: string): Response {
  const status = response.statusCode ?? 500
  const headers = new Headers()
  for (const [name, value] of Object.entries(response.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  if (method === 'HEAD' || bodiless.has(status)) {
    response.resume()
    return new Response(null, { status, headers })
  }
  // The reader may leave, and the connection may break off: the stream tells its reader.
  response.on('error', () => {})
  return new Response(Readable.toWeb(response) as ReadableStream<Uint8Array>, { status, headers })
}
