import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CheckDeadline } from './check-deadline.ts'
import type { JsonSchema, SchemaFlaw } from './json-schema.ts'
import type { SchemaQuestion, SchemaReply } from './schema-worker.ts'

/** The result of a check. `too_expensive`: it reached the deadline or the memory limit and was ended. */
export type SchemaVerdict =
  | { kind: 'fits' }
  | ({ kind: 'flaw' } & SchemaFlaw)
  | { kind: 'unusable'; message: string }
  | { kind: 'too_expensive'; message: string }

/** Thrown if too many checks are waiting. */
export class TooManySchemaChecks extends Error {
  override readonly name = 'TooManySchemaChecks'
  readonly limit: number

  constructor(limit: number) {
    super(`more than ${limit} schemas are waiting to be checked`)
    this.limit = limit
  }
}

export interface SchemaChecksOptions {
  /** The CPU time of one check in milliseconds, so that a busy machine does not make a check fail. */
  deadlineMs: number
  /** The longest duration of one check by the clock, in milliseconds. */
  longestMs: number
  /** The maximum number of waiting schemas. */
  maxWaiting: number
  /** The idle time after which the worker is ended, in milliseconds. */
  idleMs: number
}

interface Job {
  question: SchemaQuestion
  settle(verdict: SchemaVerdict): void
}

const defaults: SchemaChecksOptions = { deadlineMs: 1_000, longestMs: 10_000, maxWaiting: 32, idleMs: 10_000 }
const mostKnown = 500
/** `.ts` in the source tree, `.js` in the package. */
const workerFile = new URL(`./schema-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Compiles and runs untrusted JSON Schemas in a worker thread, one check at a time. A check that reaches its deadline
 * is ended together with the worker, and the next check gets a new worker. An idle worker does not keep the process
 * alive, and is ended after a while.
 */
export class SchemaChecks {
  readonly #options: SchemaChecksOptions
  readonly #waiting: Job[] = []
  /** Digests of usable schemas, oldest first. */
  readonly #known = new Set<string>()
  #worker: Worker | undefined
  #running: Job | undefined
  #deadline: CheckDeadline | undefined
  #idle: NodeJS.Timeout | undefined
  #isReady = false
  #started = 0

  constructor(options: Partial<SchemaChecksOptions> = {}) {
    this.#options = { ...defaults, ...options }
  }

  /** The number of workers started so far. */
  get started(): number {
    return this.#started
  }

  /**
   * Checks whether a schema can be used for structured output. Known usable schemas are not checked again.
   *
   * @throws TooManySchemaChecks
   */
  async checkSchema(schema: JsonSchema): Promise<SchemaVerdict> {
    const digest = createHash('sha256').update(JSON.stringify(schema)).digest('base64')
    if (this.#known.delete(digest)) {
      this.#known.add(digest)
      return { kind: 'fits' }
    }
    const { maxWaiting } = this.#options
    if (this.#waiting.length >= maxWaiting) throw new TooManySchemaChecks(maxWaiting)
    const verdict = await this.#ask({ kind: 'schema', schema })
    if (verdict.kind !== 'fits') return verdict
    this.#known.add(digest)
    const [oldest] = this.#known
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest)
    return verdict
  }

  /** Validates a value against a usable schema. */
  checkOutput(schema: JsonSchema, value: unknown): Promise<SchemaVerdict> {
    return this.#ask({ kind: 'output', schema, value })
  }

  /** Validates a value against an unchecked schema, as far as possible. */
  checkForm(schema: JsonSchema, value: unknown): Promise<SchemaVerdict> {
    return this.#ask({ kind: 'form', schema, value })
  }

  /** Ends the worker if it is idle. The next check starts another. */
  async rest(): Promise<void> {
    if (this.#running || this.#waiting.length > 0) return
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #ask(question: SchemaQuestion): Promise<SchemaVerdict> {
    return new Promise(settle => {
      this.#waiting.push({ question, settle })
      clearTimeout(this.#idle)
      if (!this.#worker) this.#start()
      else if (this.#isReady && !this.#running) this.#next()
    })
  }

  #start(): void {
    this.#started++
    this.#isReady = false
    const worker = new Worker(workerFile, {
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
      stdin: false,
    })
    this.#worker = worker
    worker.on('message', (reply: SchemaReply) => {
      if (worker !== this.#worker) return
      if (reply === 'ready') this.#isReady = true
      else this.#finish(toVerdict(reply))
      this.#next()
    })
    worker.on('error', error =>
      this.#replace(worker, `must not exhaust the memory or crash the check: ${error.message}`),
    )
    worker.on('exit', () => this.#replace(worker, 'must not end the worker thread'))
  }

  #next(): void {
    const worker = this.#worker
    if (!worker || this.#running) return
    this.#running = this.#waiting.shift()
    if (!this.#running) {
      // Only a pending check keeps the process alive.
      worker.unref()
      this.#idle = setTimeout(() => void this.rest(), this.#options.idleMs).unref()
      return
    }
    worker.ref()
    this.#deadline = new CheckDeadline(worker, this.#options, () =>
      this.#replace(worker, `must not take longer than ${this.#options.deadlineMs} ms to check`),
    )
    worker.postMessage(this.#running.question)
  }

  #finish(verdict: SchemaVerdict): void {
    this.#deadline?.clear()
    const job = this.#running
    this.#running = undefined
    job?.settle(verdict)
  }

  /** Discards the worker and its current check. A worker that ends before it is ready fails the first waiting check. */
  #replace(worker: Worker, message: string): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#running ??= this.#waiting.shift()
    this.#finish({ kind: 'too_expensive', message })
    void worker.terminate()
    if (this.#waiting.length > 0) this.#start()
  }
}

function toVerdict(reply: Exclude<SchemaReply, 'ready'>): SchemaVerdict {
  if ('error' in reply) return { kind: 'unusable', message: reply.error }
  return reply.flaw ? { kind: 'flaw', ...reply.flaw } : { kind: 'fits' }
}

/** The worker that all routers of this process share. */
export const schemaChecks = new SchemaChecks()
