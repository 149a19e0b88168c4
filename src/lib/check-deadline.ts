import type { Worker } from 'node:worker_threads'

const pauseMs = 200

/**
 * Calls back when a worker has used up its CPU time, or has taken too long by the clock. Node before 24.6 cannot
 * measure the CPU time of a worker; there, the limit is three times the CPU time by the clock.
 */
export class CheckDeadline {
  readonly #worker: Worker
  readonly #bounds: { deadlineMs: number; longestMs: number }
  readonly #onOver: () => void
  readonly #begunAt = performance.now()
  readonly #before: Promise<number | undefined>
  #timer: NodeJS.Timeout
  #cleared = false

  constructor(worker: Worker, bounds: { deadlineMs: number; longestMs: number }, onOver: () => void) {
    this.#worker = worker
    this.#bounds = bounds
    this.#onOver = onOver
    this.#before = usageOf(worker)
    this.#timer = this.#wait(bounds.deadlineMs)
  }

  clear(): void {
    this.#cleared = true
    clearTimeout(this.#timer)
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#check(), ms)
  }

  async #check(): Promise<void> {
    const { deadlineMs, longestMs } = this.#bounds
    const late = performance.now() - this.#begunAt >= longestMs
    const over = late || (await this.#usedMs()) >= deadlineMs
    if (this.#cleared) return
    if (over) this.#onOver()
    else this.#timer = this.#wait(pauseMs)
  }

  async #usedMs(): Promise<number> {
    // A worker that is being ended does not respond.
    const patience = new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), pauseMs).unref())
    const [before, now] = await Promise.all([this.#before, Promise.race([usageOf(this.#worker), patience])])
    if (before !== undefined) return now === undefined ? 0 : now - before
    return (performance.now() - this.#begunAt) / 3
  }
}

async function usageOf(worker: Partial<Pick<Worker, 'cpuUsage'>>): Promise<number | undefined> {
  const usage = await worker.cpuUsage?.().catch(() => undefined)
  return usage && (usage.user + usage.system) / 1_000
}
