import { setTimeout as pause } from 'node:timers/promises'
import { SessionFenced } from '../../sessions/records.ts'
import { attachmentIsGone } from '../apply-write.ts'
import type { Write, Written } from '../write.ts'
import { appendErrors } from './append-errors.ts'
import { applyWritesName } from './append-functions.ts'
import { type ClientConfig, type Driver, isConnectionError, sqlState } from './driver.ts'
import { encodeWrite, isSimple } from './encode-write.ts'
import { patienceMs, pauses, unavailable } from './patience.ts'

/** Bounds for one statement. */
const maxBatch = 500
const maxBatchLength = 8 * 1024 * 1024
/** Sessions whose last sequence is remembered. */
const maxEnds = 10_000

interface Waiting {
  encoded: string
  sessionId: string | undefined
  /** Of its fence; 0: it has none. */
  epoch: number
  isNew: boolean
  isSimple: boolean
  since: number
  resolve(written: Written): void
  reject(error: unknown): void
}

type Result =
  | {
      sequence?: number
      position?: number
      end?: number
      active?: number
      level?: 'key' | 'tenant'
      code?: undefined
    }
  | { code: string; message: string }

/**
 * Appends to logs: all that waits goes to the database as one statement, on a connection of its own, in the order of
 * the calls. A batch whose outcome is not known, because the connection broke, is sent again under its number until it
 * is; the database knows the number of the last one and applies none twice.
 */
export class AppendLane {
  readonly #driver: Driver
  readonly #config: ClientConfig
  readonly #owner: string
  #client: InstanceType<Driver['Client']> | undefined
  #waiting: Waiting[] = []
  #batch = 0
  #running: Promise<void> | undefined
  #isClosed = false
  /** Where the logs of sessions end; only this server appends to them as long as their epoch is the same. */
  readonly #ends = new Map<string, { end: number; epoch: number }>()
  failedAt: number | undefined

  constructor(driver: Driver, config: ClientConfig, owner: string) {
    this.#driver = driver
    this.#config = config
    this.#owner = owner
  }

  write(write: Write): Promise<Written> {
    const { change } = write
    const encoded = encodeWrite(write)
    return new Promise((resolve, reject) => {
      const since = performance.now()
      const isNew = change?.create !== undefined
      this.#waiting.push({
        encoded,
        sessionId: change?.sessionId,
        epoch: change?.fence?.epoch ?? 0,
        isNew,
        isSimple: isSimple(write),
        since,
        resolve,
        reject,
      })
      // Not at once: what one round of the event loop hands in goes together.
      this.#running ??= new Promise(setImmediate).then(() => this.#run())
    })
  }

  /** Finishes what was handed in, for as long as requests wait; then closes the connection. */
  async close(): Promise<void> {
    const late = setTimeout(() => {
      this.#isClosed = true
    }, patienceMs)
    await this.#running
    clearTimeout(late)
    this.#isClosed = true
    await this.#client?.end().catch(() => undefined)
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      const [simple, others] = part(batch)
      try {
        const results = await this.#deliver(simple, others)
        this.failedAt = undefined
        const found = new Map([...simple, ...others].map((waiting, index) => [waiting, results[index]]))
        // In the order of the calls, whatever was applied first.
        for (const waiting of batch) this.#settle(waiting, found.get(waiting))
      } catch (error) {
        this.failedAt = performance.now()
        for (const { sessionId } of batch) if (sessionId !== undefined) this.#ends.delete(sessionId)
        for (const { reject } of batch) reject(error)
      }
    }
    this.#running = undefined
  }

  #take(): Waiting[] {
    let length = 0
    const over = this.#waiting.findIndex(({ encoded }, index) => {
      length += encoded.length
      return index > 0 && (index === maxBatch || length > maxBatchLength)
    })
    return this.#waiting.splice(0, over === -1 ? this.#waiting.length : over)
  }

  async #deliver(simple: Waiting[], others: Waiting[]): Promise<Result[]> {
    const batch = [...simple, ...others]
    const since = Math.min(...batch.map(waiting => waiting.since))
    const number = ++this.#batch
    const first = toArray(simple)
    const then = toArray(others)
    let wasSent = false
    for (const delay of pauses()) {
      try {
        const client = await this.#connect()
        const expected = await this.#readEnds(client, batch)
        wasSent = true
        const { rows } = await client.query({
          name: 'apply_writes',
          text: `select ${applyWritesName}($1, $2, $3, $4, $5) as results`,
          values: [this.#owner, number, JSON.stringify(expected), first, then],
        })
        return rows[0].results
      } catch (error) {
        if (!isConnectionError(error)) throw error
        await this.#disconnect()
        // A write that may have been stored is not refused: its caller would repeat it.
        const isDue = performance.now() - since > patienceMs
        if ((isDue && !wasSent) || this.#isClosed) throw unavailable(error)
      }
      await pause(delay)
    }
    throw unavailable()
  }

  async #connect(): Promise<InstanceType<Driver['Client']>> {
    if (this.#client) return this.#client
    const client = new this.#driver.Client(this.#config)
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined
    })
    await client.connect()
    this.#client = client
    return client
  }

  async #disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  /** The last sequence that each session of the batch has to have when its first write comes. */
  async #readEnds(
    client: InstanceType<Driver['Client']>,
    batch: readonly Waiting[],
  ): Promise<Record<string, number>> {
    const epochs = new Map<string, number>()
    for (const { sessionId, isNew, epoch } of batch) if (sessionId && !isNew) epochs.set(sessionId, epoch)
    const ids = [...epochs.keys()]
    const unknown = ids.filter(id => this.#ends.get(id)?.epoch !== epochs.get(id))
    if (unknown.length > 0) {
      const { rows } = await client.query({
        name: 'read_ends',
        text: 'select id, last_sequence from sessions where id = any($1)',
        values: [unknown],
      })
      for (const { id, last_sequence } of rows) this.#noteEnd(id, last_sequence, epochs.get(id) ?? 0)
    }
    return Object.fromEntries(ids.map(id => [id, this.#ends.get(id)?.end ?? 0]))
  }

  #noteEnd(sessionId: string, end: number, epoch: number): void {
    this.#ends.delete(sessionId)
    this.#ends.set(sessionId, { end, epoch })
    const [oldest] = this.#ends.keys()
    if (this.#ends.size > maxEnds && oldest !== undefined) this.#ends.delete(oldest)
  }

  #settle(waiting: Waiting, result: Result | undefined): void {
    if (!result || result.code !== undefined) {
      waiting.reject(toError(result?.code, result?.message ?? 'The database gave no result for a write'))
      return
    }
    if (waiting.sessionId !== undefined && result.end !== undefined) {
      this.#noteEnd(waiting.sessionId, result.end, waiting.epoch)
    }
    const { sequence = 0, position = 0, active, level } = result
    const full = active === undefined ? undefined : { active, level }
    waiting.resolve({ lastSequence: sequence, lastPosition: position, full })
  }
}

function toArray(batch: readonly Waiting[]): string {
  return `[${batch.map(({ encoded }) => encoded).join(',')}]`
}

/** The simple writes that are the first of their session, and the others. */
function part(batch: readonly Waiting[]): [simple: Waiting[], others: Waiting[]] {
  const seen = new Set<string>()
  const parts: [Waiting[], Waiting[]] = [[], []]
  for (const waiting of batch) {
    const { sessionId = '', isSimple } = waiting
    parts[isSimple && !seen.has(sessionId) ? 0 : 1].push(waiting)
    seen.add(sessionId)
  }
  return parts
}

function toError(code: string | undefined, message: string): Error {
  if (code === appendErrors.noAttachment) return attachmentIsGone(message)
  if (code === appendErrors.fenced) return new SessionFenced(message)
  return Object.assign(new Error(message), { code })
}

/** Whether another server has taken over. */
export function isLeaseLost(error: unknown): boolean {
  return sqlState(error) === appendErrors.lost
}
