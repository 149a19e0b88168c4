import type { Logger } from 'pino'
import type { AuditTrail } from '../access/audit/audit-trail.ts'
import type { ConsoleLogins } from '../access/console-logins.ts'
import type { KeyRegistry } from '../access/key-registry.ts'
import type { Keys } from '../access/keys.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { ServiceError } from '../contract/errors.ts'
import { settlesWithin } from '../lib/settles-within.ts'
import type { LimitedCaller, LimitsOf } from '../sessions/limits/limits-of.ts'
import type { AgentInspection } from '../sessions/ports/index.ts'
import type { SessionsFigures } from '../sessions/reports/figures.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Isolation } from './isolation.ts'
import {
  type Closer,
  closeAll,
  type Opened,
  openService,
  type RuntimeHooks,
  type RuntimeOptions,
} from './open-service.ts'
import type { SharedParts } from './shared-parts.ts'

/** How long what a dead node has open may take to close, in milliseconds. */
const closingBoundMs = 10_000

export interface RuntimeParts extends Pick<RuntimeHooks, 'observer' | 'answer'> {
  /** Ends the responses that are open: streams with their last event, waits with an error. */
  callOff(): void
}

/** Opens the parts of the service once, and closes them in reverse order. */
export class Runtime {
  readonly #options: RuntimeOptions
  readonly #log: Logger
  readonly #hooks: RuntimeHooks
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined
  #closing: Promise<void> | undefined

  constructor(options: RuntimeOptions, log: Logger, { callOff, ...given }: RuntimeParts) {
    this.#options = options
    this.#log = log
    this.#hooks = {
      ...given,
      figures: () => this.figures,
      isClosing: () => this.isClosing,
      onLost: () => {
        callOff()
        this.#startAnew()
      },
    }
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Resolves when everything is open. Calls share one attempt; after a failed attempt the next call tries again.
   *
   * @throws ServiceError SHUTTING_DOWN
   */
  async ready(): Promise<void> {
    if (this.#closing) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      throw error
    })
    await this.#opening
  }

  /** Must be read after `ready`. */
  get sessions(): Sessions {
    return this.#requireOpen().sessions
  }

  /** Must be read after `ready`. */
  get keys(): Keys {
    return this.#requireOpen().keys
  }

  /** Must be read after `ready`. */
  get audit(): AuditTrail {
    return this.#requireOpen().audit
  }

  /** Must be read after `ready`. */
  get logins(): ConsoleLogins {
    return this.#requireOpen().logins
  }

  /** Undefined until everything is open. */
  get keyRegistry(): KeyRegistry | undefined {
    return this.#opened?.keyRegistry
  }

  /** The isolation in force; undefined before it is known. */
  get isolation(): Isolation | undefined {
    return this.#opened?.isolation
  }

  /** The limits of a caller as they are now; none before the keys have been read. */
  limitsOf(caller: LimitedCaller): ReturnType<LimitsOf> {
    return this.#opened?.limitsOf(caller) ?? { tenant: this.#options.tenantLimits.get(caller.tenantId) }
  }

  /** The parts that nodes share; undefined: the server is alone, or not open. */
  get shared(): SharedParts | undefined {
    return this.#opened?.shared
  }

  /** The nodes that share the database; undefined: the server has it for itself, or is not open. */
  get cluster(): Cluster | undefined {
    return this.#opened?.cluster
  }

  /** The state of the sessions; undefined before they are open. */
  get figures(): SessionsFigures | undefined {
    return this.#opened?.sessions.figures()
  }

  /** How many turns run. */
  get runningTurns(): number {
    return this.#opened?.sessions.runningTurns ?? 0
  }

  /** Inspects Claude Code. Opens the service first if necessary. */
  async inspectAgent(): Promise<AgentInspection> {
    await this.ready()
    const launcher = this.#opened?.launcher
    if (!launcher) throw new Error('claude-code-api is not open yet')
    return launcher.lastInspection ?? launcher.inspect()
  }

  /**
   * Ends turns, responses, processes and the store, in this order. Idempotent.
   *
   * @param endResponses called after all readers got their last item, while the store is still open
   */
  close(endResponses: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(endResponses)
    return this.#closing
  }

  /** Ends all processes at once without waiting, for a program that is about to exit. */
  killProcesses(): void {
    this.#opened?.launcher.killAll()
    this.#opened?.git.killAll()
  }

  #requireOpen(): Opened {
    if (this.#opened) return this.#opened
    // A request that was being answered when the lease was lost.
    if (this.#options.cluster && this.#opening) throw joining()
    throw new Error('claude-code-api is not open yet')
  }

  async #open(): Promise<Opened> {
    const closers: Closer[] = []
    // Undoes what has been opened if the rest cannot be.
    const opened = await openService(this.#options, this.#log, this.#hooks, closers).catch(async error => {
      await closeAll(closers, async () => {})
      throw error
    })
    this.#opened = opened
    return opened
  }

  /** Begins another life of the node: the one before counts as dead. Requests wait for it. */
  #startAnew(): void {
    const lost = this.#opened
    // Also while it is being closed: what cannot be stored any more is not waited for.
    lost?.cluster?.lose()
    if (!lost || this.#closing) return
    this.#log.error('the lease of this node was lost: its sessions go on elsewhere, and it joins again')
    this.#opened = undefined
    this.#opening = this.#reopen(lost).catch(error => {
      this.#opening = undefined
      throw error
    })
    this.#opening.catch(error =>
      this.#log.error({ err: error }, 'joining again failed; the next request tries'),
    )
  }

  async #reopen(lost: Opened): Promise<Opened> {
    // A dead node can still close its files and connections.
    await settlesWithin(
      lost.close(async () => {}).catch(error => this.#log.warn({ err: error }, 'closing failed')),
      closingBoundMs,
    )
    return this.#open()
  }

  async #close(endResponses: () => Promise<void>): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    await (opened ? opened.close(endResponses) : endResponses())
  }
}

function joining(): ServiceError<'NODE_UNAVAILABLE'> {
  return new ServiceError('NODE_UNAVAILABLE', 'This node counted as dead, and is joining the others again')
}
