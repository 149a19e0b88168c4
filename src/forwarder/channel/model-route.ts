import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { AddressRefused, type Connector, Unreachable } from '../connector.ts'
import { toEndToEnd } from '../http-headers.ts'
import { maxBodyBytes } from '../read-body.ts'
import { isSameToken } from '../tokens.ts'
import { Upstream } from '../upstream.ts'
import type { Credentials, ModelAccess } from './model-access.ts'
import { RequestCheck } from './request-check.ts'

type Forwarded = Extract<ModelAccess, { kind: 'forwarded' }>

/** The bodies of one process that are in memory at the same time. */
const maxHeldBytes = 2 * maxBodyBytes

/** The requests that Claude Code makes. The key may open more, such as files and batches of its organization. */
const allowedRequests = [
  /^POST \/v1\/messages$/,
  /^POST \/v1\/messages\/count_tokens$/,
  /^GET \/v1\/models(\/[\w.:@-]+)?$/,
]
/** Asked before anything else, to see whether there is a network. */
const greeting = 'HEAD /api/hello'

const credentialHeaders = ['x-api-key', 'authorization'] as const
const notSent = [...credentialHeaders, 'host', 'content-length', 'cookie', 'expect', 'forwarded', 'via']
const notReturned = ['set-cookie', 'alt-svc', 'location', 'www-authenticate', 'link', 'refresh']

/** The way to the model's API. The credentials are added here, and none of the process's own is passed on. */
export class ModelRoute {
  readonly #access: Forwarded
  readonly #token: string
  readonly #upstream: Upstream
  readonly #check: RequestCheck | undefined
  #heldBytes = 0

  /**
   * @param token takes the place of each credential in the process
   * @param isOpen whether the model's service may connect to other hosts for the process
   */
  constructor(access: Forwarded, token: string, connector: Connector, isOpen: boolean) {
    this.#check = isOpen ? undefined : new RequestCheck()
    this.#access = access
    this.#token = token
    this.#upstream = new Upstream(connector)
  }

  close(): void {
    this.#upstream.close()
  }

  /** @param path the path and query that follow the address of the API */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(`http://box${path}`)
    const asked = `${request.method} ${pathname}`
    if (asked === greeting) return void response.writeHead(200).end()
    const credentials = this.#exchange(request.headers)
    if (!credentials)
      return refuse(response, 401, 'authentication_error', 'The token of this process is wrong')
    if (!allowedRequests.some(allowed => allowed.test(asked)))
      return refuse(response, 404, 'not_found_error', 'Only messages and models can be requested here')
    const { upstream } = this.#access
    if (!upstream)
      return refuse(response, 502, 'api_error', 'ANTHROPIC_BASE_URL must be an http or https URL')
    const url = new URL(`${upstream.pathname.replace(/\/$/, '')}${pathname}${search}`, upstream)
    const held = { bytes: 0 }
    const left = new AbortController()
    response.once('close', () => {
      this.#heldBytes -= held.bytes
      left.abort()
    })
    try {
      const body = await this.#readBody(request, held)
      if (body === 'too_large') return refuse(response, 413, 'request_too_large', 'The request is too large')
      if (body === 'too_much')
        return refuse(response, 429, 'rate_limit_error', 'Too many large requests at once')
      const fault = body.length > 0 ? await this.#check?.findFault(body) : undefined
      if (fault !== undefined) return refuse(response, 400, 'invalid_request_error', notAllowed(fault))
      const { response: answer } = await this.#upstream.send({
        url,
        method: request.method ?? 'GET',
        headers: { ...toEndToEnd(request.headers, notSent), ...this.#access.headers, ...credentials },
        ...(body.length > 0 && { body }),
        followsRedirects: false,
        signal: left.signal,
      })
      await pass(answer, response)
    } catch (error) {
      if (left.signal.aborted) return
      if (response.headersSent) response.destroy()
      else refuse(response, 502, 'api_error', toReason(error))
    }
  }

  /** Returns the credentials for the API in place of the token; undefined: the request does not have the token. */
  #exchange(headers: IncomingHttpHeaders): OutgoingHttpHeaders | undefined {
    const given = credentialHeaders.filter(name => headers[name] !== undefined)
    const own = given.map(name => [name, String(headers[name]).replace(/^Bearer /i, '')] as const)
    if (own.length === 0 || !own.every(([, value]) => isSameToken(value, this.#token))) return undefined
    const credentials: Credentials = this.#access.credentials
    const known = given.filter(name => credentials[name] !== undefined)
    return Object.fromEntries(known.map(name => [name, credentials[name]]))
  }

  async #readBody(
    request: IncomingMessage,
    held: { bytes: number },
  ): Promise<Buffer | 'too_large' | 'too_much'> {
    const chunks: Buffer[] = []
    for await (const chunk of request) {
      held.bytes += chunk.length
      this.#heldBytes += chunk.length
      if (held.bytes > maxBodyBytes) return 'too_large'
      if (this.#heldBytes > maxHeldBytes) return 'too_much'
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
}

async function pass(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statusCode = 502 } = answer
  if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) {
    answer.destroy()
    return refuse(response, 502, 'api_error', "The model's API redirects, which is not followed")
  }
  response.writeHead(statusCode, toEndToEnd(answer.headers, notReturned))
  response.flushHeaders()
  await pipeline(answer, response)
}

/** Responds as the model's API does, so that Claude Code understands it. */
function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  const body = JSON.stringify({ type: 'error', error: { type, message } })
  // The body of the request may be unread.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body)
}

function notAllowed(fault: string): string {
  return `Refused: ${fault}. This server's owner can allow that with agentNetwork: "all"`
}

function toReason(error: unknown): string {
  if (error instanceof AddressRefused || error instanceof Unreachable) return error.message
  return "The connection to the model's API failed"
}
