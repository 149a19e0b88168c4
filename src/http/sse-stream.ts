import type { Response } from 'express'
import { toJsonLine } from '../lib/json-line.ts'

const keepaliveMs = 15_000
/** How long a client may read nothing before it is disconnected. */
const stallTimeoutMs = 30_000
/** How long an ended response may take to reach the client. */
const lingerMs = 2_000

/** An event; `json` is data that `toJsonLine` has already serialized. */
export type ServerSentEvent = { event: string; id?: number } & ({ data: unknown } | { json: string })

/** Encodes an event for the wire; events for many streams are encoded once and shared. */
export function toFrame(event: ServerSentEvent): Buffer {
  const data = 'json' in event ? event.json : toJsonLine(event.data)
  const id = event.id === undefined ? '' : `id: ${event.id}\n`
  return Buffer.from(`${id}event: ${event.event}\ndata: ${data}\n\n`)
}

/**
 * A response of server-sent events; the only writer of such responses. Nothing is buffered beyond the socket: `send`
 * waits until the client has read the previous events.
 */
export class SseStream {
  /** Aborts when the stream has ended, or the client has disconnected. */
  readonly closed: AbortSignal
  readonly #res: Response
  readonly #closed = new AbortController()
  readonly #keepalive: NodeJS.Timeout

  /** Sends the headers at once. */
  constructor(res: Response) {
    this.#res = res
    this.closed = this.#closed.signal
    res.statusCode = 200
    res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
    res.setHeader('Cache-Control', 'no-cache, no-transform')
    res.setHeader('Connection', 'keep-alive')
    res.setHeader('X-Accel-Buffering', 'no')
    this.#keepalive = setInterval(() => {
      if (!res.writableNeedDrain) this.#write(': keepalive\n\n')
    }, keepaliveMs).unref()
    res.once('close', () => this.#close())
    if (res.destroyed) this.#close()
    else res.flushHeaders()
  }

  /** Resolves when the stream can take more or is closed; has no effect on a closed stream, or with an empty frame. */
  async send(event: ServerSentEvent | Buffer): Promise<void> {
    if (this.closed.aborted) return
    this.#keepalive.refresh()
    const frame = Buffer.isBuffer(event) ? event : toFrame(event)
    if (frame.length === 0) return
    if (!this.#write(frame)) await this.#drained()
  }

  /** Ends the response. Idempotent. */
  end(): void {
    if (this.closed.aborted) return
    this.#close()
    this.#res.end()
    // Without a listener a timeout ends the connection.
    this.#res.setTimeout(lingerMs)
  }

  /** Disconnects the client at once and drops unread events. Idempotent. */
  cut(): void {
    this.#close()
    this.#res.destroy()
  }

  #write(chunk: Buffer | string): boolean {
    const hasRoom = this.#res.write(chunk)
    // Middleware that compresses despite `no-transform` would hold back written data.
    const { flush } = this.#res as { flush?: unknown }
    if (typeof flush === 'function') flush.call(this.#res)
    return hasRoom
  }

  #close(): void {
    clearInterval(this.#keepalive)
    this.#closed.abort()
  }

  #drained(): Promise<void> {
    const res = this.#res
    res.setTimeout(stallTimeoutMs)
    return new Promise(resolve => {
      const done = () => {
        res.off('drain', done)
        this.closed.removeEventListener('abort', done)
        res.setTimeout(0)
        resolve()
      }
      res.on('drain', done)
      this.closed.addEventListener('abort', done)
    })
  }
}
