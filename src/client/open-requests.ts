import type { FeedEvent, SessionEvent } from './event-stream.ts'
import type { PermissionRequest } from './generated-api.ts'

/**
 * The requests of a stream that wait for an answer. One of the past is handed on when the stream has caught up, if no
 * later event says that it is over.
 */
export class OpenRequests {
  readonly #onOpen: (request: PermissionRequest, signal: AbortSignal) => void
  /** Requests that were handed on. */
  readonly #open = new Map<string, AbortController>()
  /** Requests of the past that may be open still. */
  readonly #past = new Map<string, PermissionRequest>()
  #isLive = false

  /** @param onOpen gets each request once; its signal aborts when the request is over, or `close` is called */
  constructor(onOpen: (request: PermissionRequest, signal: AbortSignal) => void) {
    this.#onOpen = onOpen
  }

  /** Takes requests that were open before the first event of the stream. */
  add(requests: Iterable<PermissionRequest>): void {
    for (const request of requests) this.#past.set(request.permissionId, request)
  }

  see(event: SessionEvent | FeedEvent): void {
    switch (event.type) {
      case 'reconnected':
        this.#isLive = false
        return
      case 'caught_up':
        this.#isLive = true
        for (const request of this.#past.values()) this.#begin(request)
        this.#past.clear()
        return
      case 'permission.requested':
        if (this.#isLive) this.#begin(event.data)
        else this.#past.set(event.data.permissionId, event.data)
        return
      case 'permission.resolved':
        this.#past.delete(event.data.permissionId)
        this.#open.get(event.data.permissionId)?.abort()
        this.#open.delete(event.data.permissionId)
    }
  }

  close(): void {
    for (const open of this.#open.values()) open.abort()
    this.#open.clear()
    this.#past.clear()
  }

  #begin(request: PermissionRequest): void {
    if (this.#open.has(request.permissionId)) return
    const over = new AbortController()
    this.#open.set(request.permissionId, over)
    this.#onOpen(request, over.signal)
  }
}
