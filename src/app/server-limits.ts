import type { Server, ServerOptions } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type TLSSocket, Server as TlsServer } from 'node:tls'
import { limitsSchema, type ResolvedLimits } from '../config/limits.ts'
import { ClientMessage } from './client-message.ts'

type ConnectionLimits = Pick<ResolvedLimits, 'connections' | 'connectionsPerAddress'>

/** Options of Node's HTTP server that limit how long a request may take to arrive, and what may be an upgrade. */
export function toServerOptions({
  headersTimeoutMs,
  requestTimeoutMs,
}: Pick<ResolvedLimits, 'headersTimeoutMs' | 'requestTimeoutMs'>): ServerOptions {
  return {
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, headersTimeoutMs),
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 5_000,
    IncomingMessage: ClientMessage,
  }
}

const defaults = limitsSchema.parse({})

/**
 * Safe options for the HTTP server of a host application. Use `limitConnections` with them.
 *
 * @example
 * const server = limitConnections(createServer(serverOptions, app))
 * server.listen(3000)
 */
export const serverOptions: Readonly<ServerOptions> = Object.freeze(toServerOptions(defaults))

/**
 * Limits the connections of an HTTP or HTTPS server, so that silent connections cannot use up file descriptors. A
 * connection above the limit replaces the oldest one that has sent no request, or else the oldest one between two
 * requests. If all connections are busy, the new one gets 503, or is closed before its TLS handshake.
 *
 * @param limits set `connectionsPerAddress` to `connections` behind a proxy, where all callers share one address
 * @returns the server
 */
export function limitConnections<S extends Server | HttpsServer>(
  server: S,
  limits: Partial<ConnectionLimits> = {},
): S {
  const { connections, connectionsPerAddress } = limits
  const guard = new ConnectionGuard(
    limitsSchema.parse({
      ...(connections !== undefined && { connections }),
      ...(connectionsPerAddress !== undefined && { connectionsPerAddress }),
    }),
  )
  // Before the handshake: unfinished ones count like connections that say nothing.
  const isSecure = server instanceof TlsServer
  server.on('connection', (socket: Socket) => guard.add(socket, isSecure))
  if (isSecure) server.on('secureConnection', (socket: TLSSocket) => guard.secure(socket))
  server.prependListener('request', ({ socket }, res) => {
    guard.begin(socket)
    res.once('close', () => guard.end(socket))
  })
  return server
}

interface Group {
  count: number
  /** Connections that have sent no request yet, oldest first. */
  silent: Set<Socket>
  /** Connections between two requests, oldest first. */
  resting: Set<Socket>
}

const newGroup = (): Group => ({ count: 0, silent: new Set(), resting: new Set() })

class ConnectionGuard {
  readonly #limits: ConnectionLimits
  readonly #all = newGroup()
  readonly #byAddress = new Map<string, Group>()
  readonly #groups = new WeakMap<Socket, Group>()
  readonly #atWork = new WeakMap<Socket, number>()
  /** Connections whose handshake is not finished, by the address and port of the client. */
  readonly #shaking = new Map<string, Socket>()
  /** Requests refer to the encrypted socket, which exists after the handshake. */
  readonly #rawOf = new WeakMap<Socket, Socket>()

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** @param isSecure whether a TLS handshake follows */
  add(socket: Socket, isSecure: boolean): void {
    const address = socket.remoteAddress ?? ''
    const group = this.#byAddress.get(address) ?? newGroup()
    this.#byAddress.set(address, group)
    this.#groups.set(socket, group)
    const { connections, connectionsPerAddress } = this.#limits
    const hasRoom =
      (group.count < connectionsPerAddress || evict(group)) &&
      (this.#all.count < connections || evict(this.#all))
    for (const { silent } of [group, this.#all]) silent.add(socket)
    group.count++
    this.#all.count++
    const place = placeOf(socket)
    if (isSecure) this.#shaking.set(place, socket)
    socket.once('close', () => {
      if (this.#shaking.get(place) === socket) this.#shaking.delete(place)
      this.#remove(socket, address, group)
    })
    if (hasRoom) return
    if (isSecure) socket.destroy()
    else refuse(socket, group.count > connectionsPerAddress ? 'connectionsPerAddress' : 'connections')
  }

  /** The handshake is finished. */
  secure(socket: TLSSocket): void {
    const place = placeOf(socket)
    const raw = this.#shaking.get(place)
    if (!raw) return
    this.#shaking.delete(place)
    this.#rawOf.set(socket, raw)
  }

  begin(requested: Socket): void {
    const socket = this.#rawOf.get(requested) ?? requested
    this.#atWork.set(socket, (this.#atWork.get(socket) ?? 0) + 1)
    for (const { silent, resting } of this.#groupsOf(socket)) {
      silent.delete(socket)
      resting.delete(socket)
    }
  }

  end(requested: Socket): void {
    const socket = this.#rawOf.get(requested) ?? requested
    const left = (this.#atWork.get(socket) ?? 1) - 1
    this.#atWork.set(socket, left)
    if (left > 0 || socket.destroyed) return
    for (const { resting } of this.#groupsOf(socket)) resting.add(socket)
  }

  #groupsOf(socket: Socket): Group[] {
    const group = this.#groups.get(socket)
    return group ? [group, this.#all] : []
  }

  #remove(socket: Socket, address: string, group: Group): void {
    for (const { silent, resting } of [group, this.#all]) {
      silent.delete(socket)
      resting.delete(socket)
    }
    this.#all.count--
    if (--group.count === 0) this.#byAddress.delete(address)
  }
}

function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Ends one connection of the group; returns whether there was one to end. */
function evict({ silent, resting }: Group): boolean {
  for (const sockets of [silent, resting]) {
    for (const socket of sockets) {
      sockets.delete(socket)
      // The count decreases when the socket closes, after this round of the event loop.
      if (socket.destroyed) continue
      socket.destroy()
      return true
    }
  }
  return false
}

function refuse(socket: Socket, limitName: keyof ConnectionLimits): void {
  const body = JSON.stringify({
    error: {
      code: 'SERVER_LIMIT_REACHED',
      message: `limits.${limitName} is reached: too many connections at once; see the header Retry-After`,
      details: { limitName: `limits.${limitName}` },
    },
  })
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Retry-After: 5',
    'Connection: close',
  ]
  socket.on('error', () => {})
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}
