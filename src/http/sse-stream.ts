import type { Response } from 'express'
import { toJsonLine } from '../lib/json-line.ts'

const keepaliveMs = 15_000
/** How long a client may take nothing at all before it counts as gone. */
const stallTimeoutMs = 30_000
/** How long an ended response may take to reach the client. */
const lingerMs = 2_000

/** `json` is data that has been serialized already, as `toJsonLine` does. */
export type ServerSentEvent = { event: string; id?: number } & ({ data: unknown } | { json: string })

/** The event in the form of the wire; what many streams are sent is made once and shared. */
export function toFrame(event: ServerSentEvent): Buffer {
  const data = 'json' in event ? event.json : toJsonLine(event.data)
  const id = event.id === undefined ? '' : `id: ${event.id}\n`
  return Buffer.from(`${id}event: ${event.event}\ndata: ${data}\n\n`)
}

/**
 * A response of server-sent events; the only place that writes one. Nothing is buffered beyond the socket:
 * `send` waits until the client has taken what was sent before.
 */
export class SseStream {
  /** Aborts when the stream has ended, or the client is gone. */
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

  /** Resolves when there is room for more, or when the stream is closed; after that it does nothing. */
  async send(event: ServerSentEvent | Buffer): Promise<void> {
    if (this.closed.aborted) return
    this.#keepalive.refresh()
    const frame = Buffer.isBuffer(event) ? event : toFrame(event)
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

  /** Lets go of the client at once, and of what it has not taken. Idempotent. */
  cut(): void {
    this.#close()
    this.#res.destroy()
  }

  #write(chunk: Buffer | string): boolean {
    const hasRoom = this.#res.write(chunk)
    // Middleware that compresses regardless of `no-transform` would keep what was written to itself.
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
