import { Counter, Histogram, Registry } from 'prom-client'
import type { Exposition, ServedRequest, ServerMetrics } from '../../http/options.ts'
import type { TurnRecord } from '../../sessions/records.ts'
import type { SessionsFigures, SessionsObserver, TurnTimes } from '../../sessions/reports/figures.ts'
import { BoundedLabel } from './bounded-label.ts'
import { prefix } from './metric-names.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { addSessionsMetrics } from './sessions-metrics.ts'

const requestSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const turnSeconds = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
const waitSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const storeSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** Model names come from outside; a time series each would be without bound. */
const maxModels = 50

/** Counts requests, turns and the state of the server, in a registry of its own. */
export class Metrics implements SessionsObserver, ServerMetrics {
  /** A host application can merge it into its own. */
  readonly registry = new Registry()
  readonly #models = new BoundedLabel(maxModels)
  readonly #requests: Counter<'operation' | 'status'>
  readonly #requestDuration: Histogram<'operation'>
  readonly #turns: Counter<'outcome' | 'reason'>
  readonly #turnDuration: Histogram<'outcome'>
  readonly #firstDelta: Histogram
  readonly #queued: Histogram
  readonly #tokens: Counter<'model' | 'kind'>
  readonly #cost: Counter<'model'>
  readonly #writes: Histogram<'outcome'>
  readonly #stopSampling: () => void

  /** @param figures returns the state of the sessions; undefined before they are open */
  constructor(version: string, figures: () => SessionsFigures | undefined) {
    const registers = [this.registry]
    this.#requests = new Counter({
      name: `${prefix}http_requests_total`,
      help: 'Requests by operation and status; status "none": the client left before the response began',
      labelNames: ['operation', 'status'],
      registers,
    })
    this.#requestDuration = new Histogram({
      name: `${prefix}http_request_duration_seconds`,
      help: 'Time from the request to the end of its response, streams included',
      labelNames: ['operation'],
      buckets: requestSeconds,
      registers,
    })
    this.#turns = new Counter({
      name: `${prefix}turns_total`,
      help: 'Turns that ended, by outcome; reason: why a turn failed, or why Claude stopped',
      labelNames: ['outcome', 'reason'],
      registers,
    })
    this.#turnDuration = new Histogram({
      name: `${prefix}turn_duration_seconds`,
      help: 'Time from the start of a turn to its end',
      labelNames: ['outcome'],
      buckets: turnSeconds,
      registers,
    })
    this.#firstDelta = new Histogram({
      name: `${prefix}turn_first_delta_seconds`,
      help: 'Time from the acceptance of a turn to its first delta',
      buckets: waitSeconds,
      registers,
    })
    this.#queued = new Histogram({
      name: `${prefix}turn_queue_seconds`,
      help: 'Time from the acceptance of a turn to its start',
      buckets: waitSeconds,
      registers,
    })
    this.#tokens = new Counter({
      name: `${prefix}tokens_total`,
      help: 'Tokens of ended turns',
      labelNames: ['model', 'kind'],
      registers,
    })
    this.#cost = new Counter({
      name: `${prefix}cost_usd_total`,
      help: 'Known cost of ended turns, in US dollars',
      labelNames: ['model'],
      registers,
    })
    this.#writes = new Histogram({
      name: `${prefix}store_write_duration_seconds`,
      help: 'Time until a change of a session is durable',
      labelNames: ['outcome'],
      buckets: storeSeconds,
      registers,
    })
    addSessionsMetrics(this.registry, figures)
    this.#stopSampling = addProcessMetrics(this.registry, version)
  }

  onRequest({ operation: known, status, durationMs }: ServedRequest): void {
    const operation = known ?? 'unknown'
    this.#requests.inc({ operation, status: status ?? 'none' })
    this.#requestDuration.observe({ operation }, durationMs / 1000)
  }

  onTurnEnded(turn: TurnRecord, { queuedMs, firstDeltaMs }: TurnTimes): void {
    const { status: outcome, error, stopReason, durationMs } = turn
    this.#turns.inc({ outcome, reason: error?.reason ?? stopReason ?? 'none' })
    if (durationMs !== null) this.#turnDuration.observe({ outcome }, durationMs / 1000)
    if (firstDeltaMs !== undefined) this.#firstDelta.observe(firstDeltaMs / 1000)
    if (queuedMs !== undefined) this.#queued.observe(queuedMs / 1000)
    this.#countUsage(turn)
  }

  onCommit(durationMs: number, outcome: 'stored' | 'failed'): void {
    this.#writes.observe({ outcome }, durationMs / 1000)
  }

  async expose(): Promise<Exposition> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() }
  }

  /** Ends the sampling of the event loop. */
  close(): void {
    this.#stopSampling()
  }

  #countUsage({ modelUsage, usage, costUsd }: TurnRecord): void {
    const shares = modelUsage ?? (usage ? [{ model: 'unknown', ...usage, costUsd }] : [])
    for (const share of shares) {
      const model = this.#models.of(share.model)
      this.#tokens.inc({ model, kind: 'input' }, share.inputTokens)
      this.#tokens.inc({ model, kind: 'output' }, share.outputTokens)
      this.#tokens.inc({ model, kind: 'cache_read' }, share.cacheReadInputTokens)
      this.#tokens.inc({ model, kind: 'cache_creation' }, share.cacheCreationInputTokens)
      this.#cost.inc({ model }, share.costUsd ?? 0)
    }
  }
}
