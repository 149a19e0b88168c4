import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CheckDeadline } from './check-deadline.ts'
import type { JsonSchema, SchemaFlaw } from './json-schema.ts'
import type { SchemaQuestion, SchemaReply } from './schema-worker.ts'

/** How a check ended. `too_expensive`: it met the deadline or the memory limit and was ended. */
export type SchemaVerdict =
  | { kind: 'fits' }
  | ({ kind: 'flaw' } & SchemaFlaw)
  | { kind: 'unusable'; message: string }
  | { kind: 'too_expensive'; message: string }

/** Thrown where too many checks wait already. */
export class TooManySchemaChecks extends Error {
  override readonly name = 'TooManySchemaChecks'
  readonly limit: number

  constructor(limit: number) {
    super(`more than ${limit} schemas wait to be checked`)
    this.limit = limit
  }
}

export interface SchemaChecksOptions {
  /** Processor time of one check, in milliseconds; a busy machine does not make a check fail. */
  deadlineMs: number
  /** The longest that one check may take by the clock, in milliseconds. */
  longestMs: number
  /** How many new schemas may wait. */
  maxWaiting: number
  /** After so long without a check the worker is ended, in milliseconds. */
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
 * Compiles and runs JSON Schemas of strangers in a worker thread, one check at a time. A check that meets its
 * deadline is ended together with the worker, and the next one gets a new worker. An idle worker keeps no process
 * alive and is ended after a while.
 */
export class SchemaChecks {
  readonly #options: SchemaChecksOptions
  readonly #waiting: Job[] = []
  /** Digests of schemas that were found usable, oldest first. */
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

  /** How many workers have been started so far. */
  get started(): number {
    return this.#started
  }

  /**
   * Whether a schema can be used for structured output. One that was found usable before is not checked again.
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

  /** Whether a value is as a schema that was found usable has it. */
  checkOutput(schema: JsonSchema, value: unknown): Promise<SchemaVerdict> {
    return this.#ask({ kind: 'output', schema, value })
  }

  /** Whether a value is as a schema of unknown quality has it, as far as that can be told. */
  checkForm(schema: JsonSchema, value: unknown): Promise<SchemaVerdict> {
    return this.#ask({ kind: 'form', schema, value })
  }

  /** Ends the worker if nothing needs it. The next check starts another. */
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
    worker.on('error', error => this.#replace(worker, `needs more memory or fails: ${error.message}`))
    worker.on('exit', () => this.#replace(worker, 'ended the worker thread'))
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
      this.#replace(worker, `takes longer than ${this.#options.deadlineMs} ms to check`),
    )
    worker.postMessage(this.#running.question)
  }

  #finish(verdict: SchemaVerdict): void {
    this.#deadline?.clear()
    const job = this.#running
    this.#running = undefined
    job?.settle(verdict)
  }

  /** Gives up the worker and what it is at. One that ends before it is ready fails the first check that waits. */
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

/** The one worker of this process: what many routers check is not worth a thread each. */
export const schemaChecks = new SchemaChecks()
