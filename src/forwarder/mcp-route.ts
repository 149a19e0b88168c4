import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { McpServer } from '../contract/mcp-servers.ts'
import type { McpTraffic } from '../sessions/ports/index.ts'
import { AddressRefused, type Connector, Unreachable } from './connector.ts'
import { filterEventStream } from './event-stream-filter.ts'
import { toEndToEnd } from './http-headers.ts'
import { ListedTools } from './listed-tools.ts'
import { maxBodyBytes, readBody } from './read-body.ts'
import { Upstream } from './upstream.ts'

export type RemoteServer = Exclude<McpServer, { type: 'stdio' }>

/** Headers that Claude Code would follow on its own, bypassing all checks. */
const droppedHeaders = ['www-authenticate', 'location', 'link', 'refresh', 'set-cookie', 'alt-svc']

/** The route from Claude Code to one MCP server. */
export class McpRoute {
  readonly #server: RemoteServer
  readonly #base: string
  readonly #upstream: Upstream
  readonly #tools = new ListedTools()
  readonly #onRefused: (error: AddressRefused) => void
  /** The targets of messages of the older transport, by the last part of the path. */
  readonly #endpoints: URL[] = []
  #failure: string | null = null

  /** @param base the unguessable path of the route */
  constructor(
    server: RemoteServer,
    base: string,
    connector: Connector,
    onRefused: (error: AddressRefused) => void,
  ) {
    this.#server = server
    this.#base = base
    this.#upstream = new Upstream(connector)
    this.#onRefused = onRefused
  }

  get traffic(): McpTraffic {
    const { offered, invalid } = this.#tools
    return { failure: this.#failure, offeredTools: offered, invalidTool: invalid }
  }

  close(): void {
    this.#upstream.close()
  }

  /** @param path the path after the base */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = this.#find(path)
    if (!url || !['GET', 'POST', 'DELETE'].includes(request.method ?? '')) {
      response.writeHead(404).end()
      return
    }
    const left = new AbortController()
    response.once('close', () => left.abort())
    try {
      const body = await readBody(request)
      this.#tools.observeRequest(body)
      const answer = await this.#upstream.send({
        url,
        method: request.method ?? 'GET',
        headers: {
          ...toEndToEnd(request.headers, ['host', 'content-length']),
          'accept-encoding': 'identity',
        },
        ownHeaders: lowerCase(this.#server.headers ?? {}),
        ...(body && { body }),
        signal: left.signal,
      })
      this.#note(answer.response.statusCode ?? 0)
      await this.#passOn(answer.response, answer.url, response)
    } catch (error) {
      if (left.signal.aborted) return
      this.#fail(error, response)
    }
  }

  #find(path: string): URL | undefined {
    if (path === '') return new URL(this.#server.url)
    return /^\/\d+$/.test(path) ? this.#endpoints[Number(path.slice(1))] : undefined
  }

  async #passOn(answer: IncomingMessage, from: URL, response: ServerResponse): Promise<void> {
    const headers = toEndToEnd(answer.headers, droppedHeaders)
    const type = answer.headers['content-type'] ?? ''
    const isStream = /^text\/event-stream\b/i.test(type)
    const isList = this.#tools.isAsked && /^application\/json\b/i.test(type)
    if (isStream || isList) delete headers['content-length']
    response.writeHead(answer.statusCode ?? 502, headers)
    response.flushHeaders()
    if (isStream) {
      const filter = filterEventStream(event => {
        this.#tools.observeAnswer(event.data)
        return event.type === 'endpoint' ? this.#noteEndpoint(event.data, from) : undefined
      })
      await pipeline(answer, filter, response)
    } else {
      if (isList) this.#readList(answer)
      await pipeline(answer, response)
    }
  }

  #readList(answer: Readable): void {
    const chunks: Buffer[] = []
    let length = 0
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBodyBytes) chunks.push(chunk)
    })
    answer.once('end', () => this.#tools.observeAnswer(Buffer.concat(chunks).toString()))
  }

  /** @returns the path by which Claude Code reaches the endpoint; undefined for an endpoint of another origin */
  #noteEndpoint(data: string, from: URL): string {
    const url = URL.canParse(data.trim(), from.href) ? new URL(data.trim(), from) : undefined
    if (!url || url.origin !== from.origin) {
      this.#failure = 'The MCP server named an endpoint on another origin, which is not allowed'
      return `${this.#base}/none`
    }
    const known = this.#endpoints.findIndex(({ href }) => href === url.href)
    const index = known >= 0 ? known : this.#endpoints.push(url) - 1
    return `${this.#base}/${index}`
  }

  #note(status: number): void {
    if (status < 400) this.#failure = null
    else if (status === 401 || status === 403)
      this.#failure = `The MCP server responded with ${status}: send its credentials in headers`
    else if (status >= 500) this.#failure = `The MCP server responded with ${status}`
  }

  #fail(error: unknown, response: ServerResponse): void {
    const isRefused = error instanceof AddressRefused
    const text =
      isRefused || error instanceof Unreachable ? error.message : 'The connection to the MCP server failed'
    if (isRefused && this.#failure !== text) this.#onRefused(error)
    this.#failure = text
    // The status is not 403, because Claude Code would then ask for a login.
    if (response.headersSent) response.destroy()
    else response.writeHead(502, { 'content-type': 'text/plain' }).end(text)
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
