import { setImmediate } from 'node:timers'
import { Pace } from '../../lib/pace.ts'
import type { SessionsCluster } from '../cluster.ts'
import { readerBoundBytes } from '../log/log-reader.ts'
import { SharedPages } from '../log/shared-pages.ts'
import type { FeedPage, FeedScope, FeedStore } from '../ports/index.ts'
import { type Caller, type EventRecord, listedTenant } from '../records.ts'
import type { SessionsFigures } from '../reports/figures.ts'
import type { FeedEntry } from './feed-entry.ts'
import type { FeedReader, FeedRequest } from './feed-item.ts'
import { LiveFeedReader } from './live-feed-reader.ts'

const pageSize = 200
/** The shared pages are those of one log. */
const theFeed = ''
/** The default of `SessionsCluster.feedMs`. */
const defaultPeriodMs = 250

export interface FeedParts {
  store: FeedStore
  /** Left out: no other node shares the store. */
  cluster?: Pick<SessionsCluster, 'feedMs'> | undefined
  onFault?: (error: unknown) => void
}

/**
 * The log over all sessions. Live events come from the commits of this server, in one step for all readers; all else is
 * read from the store, which is asked now and then for the commits of other nodes. Without readers, it does nothing.
 */
export class Feed {
  readonly #store: FeedStore
  readonly #readers = new Set<LiveFeedReader>()
  readonly #pages = new SharedPages<FeedPage>()
  readonly #pace = new Pace()
  #arrived: FeedEntry[] = []
  #disconnects = 0
  #closed = false
  readonly #periodMs: number | undefined
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor({ store, cluster, onFault = () => {} }: FeedParts) {
    this.#store = store
    this.#periodMs = cluster && (cluster.feedMs ?? defaultPeriodMs)
    this.#onFault = onFault
  }

  figures(): Pick<SessionsFigures, 'readers' | 'disconnects'> {
    return { readers: this.#readers.size, disconnects: this.#disconnects }
  }

  /** Tells the readers of events that are stored. */
  publish(tenantId: string, events: readonly EventRecord[]): void {
    this.#pages.forget(theFeed)
    if (this.#readers.size === 0) return
    for (const event of events) {
      const { position } = event
      if (position === undefined) continue
      // One batch of the store settles in one go, not always in the order of its positions.
      if (this.#arrived.push({ tenantId, position, event }) === 1) setImmediate(() => this.#deliver())
    }
  }

  /** A reader of the events of all sessions that the caller can list. */
  async follow(caller: Caller, { tenant, types, ...request }: FeedRequest): Promise<FeedReader> {
    const { sessionId } = caller
    const tenantId = sessionId === null ? listedTenant(caller, tenant) : caller.tenantId
    const scope: FeedScope = { tenantId, sessionId, types }
    const after = request.after === 'latest' ? await this.#store.readHead() : request.after
    const key = JSON.stringify([tenantId, sessionId, [...types].sort()])
    const query = { ...scope, limit: pageSize, maxBytes: readerBoundBytes }
    return new LiveFeedReader(scope, after, request.signal, {
      readPage: position =>
        this.#pages.read(theFeed, `${position} ${key}`, () =>
          this.#store.readPage({ ...query, after: position }),
        ),
      pace: () => this.#pace.take(),
      enter: reader => this.#enter(reader),
      leave: reader => this.#leave(reader),
    })
  }

  /** The last thing that every reader is told. */
  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    for (const reader of this.#readers) reader.offerClosing()
  }

  #enter(reader: LiveFeedReader): void {
    this.#readers.add(reader)
    if (this.#closed) reader.offerClosing()
    else if (this.#periodMs) this.#timer ??= setInterval(() => this.#look(), this.#periodMs).unref()
  }

  #leave(reader: LiveFeedReader): void {
    if (reader.overflow.aborted) this.#disconnects++
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#noteHead()
      .catch(this.#onFault)
      .finally(() => {
        this.#isLooking = false
      })
  }

  /** Tells the readers how far the store is; those that are behind read from it. */
  async #noteHead(): Promise<void> {
    const head = await this.#store.readHead()
    // The events of this node come by themselves.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
    const behind = [...this.#readers].filter(reader => reader.isBehind(head))
    if (behind.length === 0) return
    this.#pages.forget(theFeed)
    for (const reader of behind) reader.offerHead(head)
  }

  #deliver(): void {
    const entries = this.#arrived.sort((a, b) => a.position - b.position)
    this.#arrived = []
    for (const reader of this.#readers) reader.offer(entries)
  }
}
