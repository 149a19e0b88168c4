import { RequestError } from '@agentclientprotocol/sdk'
import { AcpServer } from '@agentclientprotocol/sdk/experimental/server'
import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange, type DoorSocket } from '../../contract/doors.ts'
import { createAgent } from './agent.ts'
import { withChecks } from './checked-agent.ts'
import { CheckedSocket } from './checked-socket.ts'
import { endingWith } from './ending-with.ts'
import { isFault } from './errors.ts'
import type { SessionDefaults } from './new-session.ts'
import { findFlaw, isOtherEncoding, refusal, toProtocolError } from './transport-errors.ts'
import { readDefaults } from './url-defaults.ts'

const connectionHeader = 'acp-connection-id'
const sessionHeader = 'acp-session-id'
/** How long a connection may be without its stream: the client opens it right after `initialize`. */
const graceMs = 60_000
const maxPerCaller = 500
const maxPerNode = 2_000
/** Output that a connection holds for a client that does not read. */
const maxBufferedBytes = 8 * 1024 * 1024

interface Connection {
  caller: DoorExchange['caller']
  /** Closes a connection whose client never opens its stream. */
  timer: NodeJS.Timeout
  /** Calls go through the newest request, because the key is checked with each one. */
  use(exchange: DoorExchange): void
}

/** The connections of this node. Each belongs to one caller, and ends with its stream. */
export class Connections {
  readonly #server = new AcpServer({
    createAgent: () => {
      throw new Error('each connection has an agent of its own')
    },
    maxBufferedBytes,
  })
  readonly #open = new Map<string, Connection>()
  /** How many connections each caller has, those included that are being opened. */
  readonly #counts = new Map<string, number>()

  async answer(exchange: DoorExchange): Promise<Response> {
    return toProtocolError(await this.#answer(exchange))
  }

  async #answer(exchange: DoorExchange): Promise<Response> {
    const { request, caller } = exchange
    if (isOtherEncoding(request.headers.get('content-type'))) {
      return new Response('Unsupported Media Type', { status: 415 })
    }
    const id = request.headers.get(connectionHeader)
    if (id === null) return this.#initialize(exchange)
    const connection = this.#open.get(id)
    if (!connection || keyOf(connection.caller) !== keyOf(caller)) {
      return new Response('Unknown Acp-Connection-Id', { status: 404 })
    }
    connection.use(exchange)
    const response = await this.#server.handleRequest(request)
    if (request.method === 'DELETE') this.#forget(id)
    if (request.method !== 'GET' || !response.ok) return response
    if (request.headers.has(sessionHeader)) return endingWith(response, request.signal)
    clearTimeout(connection.timer)
    return endingWith(response, request.signal, () => this.#close(id))
  }

  /** Opens a WebSocket, which is a connection of its own. */
  async upgrade(
    exchange: DoorExchange,
    accept: (headers: Record<string, string>) => DoorSocket,
  ): Promise<Response | undefined> {
    const { caller, request } = exchange
    const defaults = readDefaults(new URL(request.url).searchParams)
    if (defaults instanceof RequestError) return refusal(400, defaults)
    if (!this.#reserve(caller)) return tooMany()
    const upgrade = this.#server.prepareWebSocketUpgrade({ agent: agentFor(() => exchange, defaults) })
    try {
      const socket = accept({ [connectionHeader]: upgrade.connectionId })
      socket.on('close', () => this.#release(caller))
      upgrade.accept(new CheckedSocket(socket))
    } catch (error) {
      upgrade.reject()
      this.#release(caller)
      throw error
    }
    return undefined
  }

  async #initialize(exchange: DoorExchange): Promise<Response> {
    const { caller, request } = exchange
    // Answers everything but `initialize` with what is missing.
    if (request.method !== 'POST') return this.#server.handleRequest(request)
    const defaults = readDefaults(new URL(request.url).searchParams)
    if (defaults instanceof RequestError) return refusal(400, defaults)
    const flaw = await findFlaw(request)
    if (flaw) return refusal(400, flaw)
    if (!this.#reserve(caller)) return tooMany()
    let current = exchange
    const agent = agentFor(() => current, defaults)
    let response: Response | undefined
    try {
      response = await this.#server.handleRequest(request, { agent })
    } finally {
      if (!response?.headers.has(connectionHeader)) this.#release(caller)
    }
    const id = response.headers.get(connectionHeader)
    if (id === null) return response
    const timer = setTimeout(() => this.#close(id), graceMs).unref()
    const use = (next: DoorExchange) => {
      current = next
    }
    this.#open.set(id, { caller, timer, use })
    return response
  }

  #reserve(caller: DoorExchange['caller']): boolean {
    const key = keyOf(caller)
    const count = this.#counts.get(key) ?? 0
    const total = this.#counts.values().reduce((sum, other) => sum + other, 0)
    if (count >= maxPerCaller || total >= maxPerNode) return false
    this.#counts.set(key, count + 1)
    return true
  }

  #release(caller: DoorExchange['caller']): void {
    const key = keyOf(caller)
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }

  #close(id: string): void {
    this.#forget(id)
    const headers = { [connectionHeader]: id }
    this.#server
      .handleRequest(new Request('http://door.internal', { method: 'DELETE', headers }))
      .catch(() => {})
  }

  #forget(id: string): void {
    const connection = this.#open.get(id)
    if (!connection) return
    clearTimeout(connection.timer)
    this.#open.delete(id)
    this.#release(connection.caller)
  }
}

/** @param current the exchange of the client's newest request */
function agentFor(current: () => DoorExchange, defaults: SessionDefaults) {
  const api = new ClaudeCodeClient({
    baseUrl: apiBase,
    retries: 2,
    fetch: (input, init) => current().fetch(input, init),
  })
  const logFault = (error: unknown) => {
    if (isFault(error)) current().logFault(error)
  }
  return withChecks(createAgent({ api, defaults, logFault }))
}

function keyOf({ tenantId, keyId }: DoorExchange['caller']): string {
  return JSON.stringify([tenantId, keyId])
}

function tooMany(): Response {
  const message = `A key can have at most ${maxPerCaller} connections to a node, all keys together at most ${maxPerNode}`
  return refusal(429, new RequestError(-32_603, message))
}
