import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A connection whose client wants to speak another protocol. */
export interface Upgrade {
  socket: Socket
  /** Bytes that have come after the request. */
  head: Buffer
}

/** A listener of `upgrade` of Node's HTTP servers. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

const upgrades = new WeakMap<IncomingMessage, Upgrade>()

/** Undefined: an ordinary request. */
export function upgradeOf(req: IncomingMessage): Upgrade | undefined {
  return upgrades.get(req)
}

/**
 * Handles requests for upgrades like all others, so that the same middleware holds for them. One that no door takes
 * gets an ordinary response, as HTTP wants it (RFC 9110, 7.8), and the connection ends.
 */
export function upgradeThrough(handle: RequestListener): UpgradeListener {
  return (req, stream, head) => {
    // The streams of HTTP and HTTPS servers are sockets.
    const socket = stream as Socket
    if (socket.destroyed) return
    const res = new ServerResponse(req)
    res.shouldKeepAlive = false
    res.assignSocket(socket)
    // Node removes its own listeners of a connection that is upgraded.
    socket.on('error', () => socket.destroy())
    socket.on('timeout', () => socket.destroy())
    socket.on('drain', () => res.emit('drain'))
    res.once('finish', () => socket.destroySoon())
    if (hasBody(req)) {
      // After an upgrade Node gives the bytes of a body to the socket.
      res
        .writeHead(400, { 'Content-Type': 'text/plain' })
        .end('A request for an upgrade must not have a body')
      return
    }
    upgrades.set(req, { socket, head })
    handle(req, res)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
