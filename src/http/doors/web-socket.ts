import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { Request, Response } from 'express'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { DoorSocket } from '../../contract/doors.ts'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import { checkBytes } from '../json-body.ts'
import { ClientGoneError, contextOf } from '../request-context.ts'
import type { Upgrade } from './upgrades.ts'

const pingMs = 30_000
/** How long the client may take to close its end. */
const closeTimeoutMs = 1_000
/** The code of a connection that broke off. */
const brokenOff = 1006

/**
 * Makes a WebSocket of the connection. The response lasts as long as the socket: what ends the one ends the other.
 *
 * @param headers those of the response in addition to what middleware has set
 * @throws ServiceError if the request is not a valid handshake, or its caller is not served any more
 */
export function acceptWebSocket(
  req: Request,
  res: Response,
  { socket, head }: Upgrade,
  { maxMessageBytes, headers }: { maxMessageBytes: number; headers: Record<string, string> },
): DoorSocket {
  const { stop } = contextOf(res)
  stop.throwIfAborted()
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    ...{ maxPayload: maxMessageBytes, closeTimeout: closeTimeoutMs },
  })
  server.once('wsClientError', ({ message }) => {
    throw invalidField('headers', message)
  })
  server.once('headers', lines => {
    for (const [name, value] of Object.entries({ ...res.getHeaders(), ...headers })) {
      for (const one of [value ?? []].flat()) lines.push(`${name}: ${one}`)
    }
    release(res, socket)
  })
  let opened: WebSocket | undefined
  server.handleUpgrade(req, socket, head, ws => {
    opened = ws
  })
  if (!opened) throw new ClientGoneError('the client has disconnected')
  tie(opened, res)
  watchPeer(opened)
  return new TextSocket(opened)
}

/** Takes the connection from the response, which from here on writes to nothing. */
function release(res: Response, socket: Socket): void {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  res.detachSocket(socket)
  res.assignSocket(sink as Socket)
  // The middleware and the socket listen to the same response.
  res.setMaxListeners(30)
  res.once('finish', () => sink.destroy())
  res.writeHead(101).flushHeaders()
}

function tie(ws: WebSocket, res: Response): void {
  const { stop } = contextOf(res)
  // A client that breaks the protocol, or sends too much, is disconnected by the library.
  ws.on('error', () => {})
  ws.once('close', code => (code === brokenOff ? res.destroy() : res.end()))
  res.once('close', () => ws.terminate())
  const tell = ({ code, message }: ServiceError) => ws.close(code === 'SHUTTING_DOWN' ? 1001 : 1008, message)
  stop.addEventListener('abort', () => stop.reason instanceof ServiceError && tell(stop.reason), {
    once: true,
  })
}

/** The part of a socket that doors see. */
class TextSocket extends EventEmitter implements DoorSocket {
  readonly #ws: WebSocket

  constructor(ws: WebSocket) {
    super()
    this.#ws = ws
    ws.on('message', (data: RawData, isBinary) => {
      if (isBinary) return ws.close(1003, 'Messages must be text')
      if (ws.readyState !== ws.OPEN) return
      const bytes = data as Buffer
      const flaw = findFlaw(bytes)
      if (flaw === undefined) this.emit('message', bytes.toString())
      else ws.close(1008, flaw)
    })
    ws.once('close', code => this.emit('close', code))
  }

  get readyState(): number {
    return this.#ws.readyState
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    this.#ws.send(text)
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason)
  }
}

/** Parsing would block the server: messages have the bounds of bodies. */
function findFlaw(bytes: Buffer): string | undefined {
  try {
    checkBytes(bytes)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Disconnects a client that neither answers nor reads. */
export function watchPeer(
  ws: Pick<WebSocket, 'on' | 'once' | 'ping' | 'terminate' | 'bufferedAmount'>,
): void {
  let isAlive = true
  let unread = 0
  const timer = setInterval(() => {
    // An answer waits behind what a slow client has still to read.
    if (!isAlive && ws.bufferedAmount >= unread) return ws.terminate()
    isAlive = false
    unread = ws.bufferedAmount
    ws.ping()
  }, pingMs).unref()
  const seen = () => {
    isAlive = true
  }
  ws.on('pong', seen)
  ws.on('message', seen)
  ws.once('close', () => clearInterval(timer))
}
