import type { DeltaEvent } from '../contract/events.ts'
import type { Prompt } from '../contract/turns.ts'
import type { EventLog } from './event-log.ts'
import { isRecordOfAssistant, messageIdOf } from './message-shape.ts'
import { PermissionBroker } from './permission-broker.ts'
import type { Agent, AgentLauncher, AgentListener, Store } from './ports.ts'
import type { Place, PlaceHolder, ProcessPool } from './process-pool.ts'
import type { SessionRecord } from './records.ts'
import type { OpenTurn } from './running-turn.ts'
import { SessionWriter, type WriterLog } from './session-writer.ts'
import { type Spare, toSpareSpec } from './spare-agent.ts'

export interface AgentKeeperContext {
  store: Store
  log: EventLog
  launcher: AgentLauncher
  pool: ProcessPool
  /** How long a process may wait for its next turn before it is ended, in milliseconds. */
  idleTimeoutMs: number
  faults: WriterLog
  /** Fires when the service gives up waiting. */
  signal: AbortSignal
  /** The session's process is gone and nothing runs. */
  onDispensable(sessionId: string): void
}

/**
 * Owns the process of one session: gets it a place in the pool, starts it, keeps it between turns, ends it, and
 * writes down what it says.
 */
export class AgentKeeper implements PlaceHolder {
  readonly writer: SessionWriter
  readonly permissions: PermissionBroker
  claudeSessionId: string
  readonly #session: Pick<SessionRecord, 'id' | 'tenantId'>
  readonly #context: AgentKeeperContext
  readonly #currentTurn: () => OpenTurn | undefined
  #place: Place | undefined
  #agent: Agent | undefined
  #launching: Promise<Agent> | undefined
  #conversationStarted: boolean
  #model: string | null
  #stale = false
  #closed = false
  #idle: NodeJS.Timeout | undefined

  constructor(session: SessionRecord, context: AgentKeeperContext, currentTurn: () => OpenTurn | undefined) {
    this.#session = { id: session.id, tenantId: session.tenantId }
    this.#context = context
    this.#currentTurn = currentTurn
    this.claudeSessionId = session.claudeSessionId
    this.#conversationStarted = session.conversationStarted
    this.#model = session.model
    const owner = { tenantId: session.tenantId, sessionId: session.id }
    this.writer = new SessionWriter(context.log, owner, context.faults, context.signal)
    this.permissions = new PermissionBroker({
      owner,
      writer: this.writer,
      currentTurn,
      findTimeoutMs: async () => (await this.#findSession()).settings.permissionTimeoutMs,
    })
  }

  get hasAgent(): boolean {
    return this.#agent !== undefined || this.#launching !== undefined
  }

  /** Makes a spare process this session's own. */
  adopt(spare: Spare): void {
    spare.place.handOver(this)
    spare.listenTo(this.#listener())
    this.#place = spare.place
    this.#own(spare.agent)
  }

  /** Starts the process without waiting, if there is room for it; a failure shows when a turn needs it. */
  warm(): void {
    this.#place ??= this.#context.pool.takeFree(this)
    if (!this.#place) {
      this.#context.onDispensable(this.#session.id)
      return
    }
    this.obtain().then(
      () => {
        if (!this.#currentTurn()) this.rest()
      },
      error => this.#onLaunchFault(error),
    )
  }

  /** Whether a turn can have a process now: one that lives, or a place for a new one, which is held then. */
  reserve(): boolean {
    clearTimeout(this.#idle)
    // One that failed to start needs no place to say so.
    if (this.#agent?.startFailure && !this.#stale) return true
    this.#place ??= this.#context.pool.take(this)
    this.#place?.markBusy()
    return this.#place !== undefined
  }

  /** Waits for what `reserve` could not have. False when the signal fired or the pool was closed before. */
  async waitForPlace(caller: string, signal: AbortSignal): Promise<boolean> {
    this.#place = await this.#context.pool.wait(this, caller, signal)
    return this.#place !== undefined
  }

  /**
   * The session's process: the one that lives, or a new one. One that failed to start is handed out once, so
   * that the turn which meets it tells why; the next turn tries again. To be called with a place only.
   */
  obtain(): Promise<Agent> {
    const agent = this.#agent
    if (agent && !this.#stale) {
      if (agent.alive) return Promise.resolve(agent)
      if (agent.startFailure) {
        this.#agent = undefined
        return Promise.resolve(agent)
      }
    }
    this.#launching ??= this.#launch().finally(() => {
      this.#launching = undefined
    })
    return this.#launching
  }

  markStale(): void {
    this.#stale = true
  }

  interrupt(): void {
    this.#agent?.interrupt()
  }

  /** Hands the running turn more input. False when it cannot take any: nothing has happened then. */
  steer(input: { id: string; prompt: Prompt }): boolean {
    return this.#agent?.steer(input) ?? false
  }

  /** Between turns: the process waits for the next one, but not for ever. */
  rest(): void {
    clearTimeout(this.#idle)
    // A failure to start has been told by now.
    if (this.#agent && !this.#agent.alive) this.#agent = undefined
    if (!this.#agent) {
      if (!this.#launching) this.#leavePlace()
      this.#context.onDispensable(this.#session.id)
      return
    }
    this.#idle = setTimeout(() => void this.retire(), this.#context.idleTimeoutMs)
    this.#idle.unref()
    this.#place?.markIdle()
  }

  /** Ends the process; the next turn starts another, in the same conversation. */
  async retire(): Promise<void> {
    clearTimeout(this.#idle)
    const agent = this.#agent
    const place = this.#place
    this.#agent = undefined
    this.#place = undefined
    await agent?.close()
    place?.release()
    this.#context.onDispensable(this.#session.id)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#launching?.catch(() => {})
    await this.retire()
  }

  async #launch(): Promise<Agent> {
    const old = this.#agent
    this.#agent = undefined
    this.#stale = false
    // Two processes of one conversation would both write its transcript.
    await old?.close()
    await this.#place?.free
    const { launcher } = this.#context
    const session = await this.#findSession()
    if (this.#closed) throw new Error(`session ${this.#session.id} is closed`)
    const conversation = { claudeSessionId: this.claudeSessionId, resume: this.#conversationStarted }
    return this.#own(launcher.launch({ ...toSpareSpec(session), ...conversation }, this.#listener()))
  }

  async #findSession(): Promise<SessionRecord> {
    const session = await this.#context.store.findSession(this.#session.tenantId, this.#session.id)
    if (!session) throw new Error(`session ${this.#session.id} is gone`)
    return session
  }

  #own(agent: Agent): Agent {
    this.#agent = agent
    void agent.exited.then(() => this.#onExit(agent))
    return agent
  }

  #listener(): AgentListener {
    return {
      onMessage: message => this.#onMessage(message),
      onDelta: delta => this.#onDelta(delta),
      onIdentity: identity => this.#onIdentity(identity),
      onPermission: (question, signal) => this.permissions.ask(question, signal),
      onTranscriptLost: () => void this.writer.write({ session: { transcript: 'incomplete' }, events: [] }),
    }
  }

  #onExit(agent: Agent): void {
    if (this.#agent !== agent) return
    // One that failed to start waits for the turn that tells of it, but not in a place.
    if (!agent.startFailure) this.#agent = undefined
    if (this.#currentTurn()) return
    this.#leavePlace()
    this.#context.onDispensable(this.#session.id)
  }

  #leavePlace(): void {
    this.#place?.release()
    this.#place = undefined
  }

  #onLaunchFault(error: unknown): void {
    this.#context.faults.error({ err: error, sessionId: this.#session.id }, 'could not start Claude Code')
    if (!this.#currentTurn()) this.rest()
  }

  #onMessage(message: Record<string, unknown>): void {
    const turn = this.#currentTurn()
    const id = messageIdOf(message)
    if (turn && isRecordOfAssistant(message)) turn.messageId = id
    void this.writer.write({
      events: [{ type: 'message', turnId: turn?.record.id ?? null, payload: { id, source: 'sdk', message } }],
    })
  }

  #onDelta(delta: Omit<DeltaEvent, 'turnId'>): void {
    const turn = this.#currentTurn()
    if (turn) this.#context.log.publishDelta(this.#session.id, { turnId: turn.record.id, ...delta })
  }

  #onIdentity({ claudeSessionId, model }: { claudeSessionId: string; model: string }): void {
    if (this.#conversationStarted && claudeSessionId === this.claudeSessionId && model === this.#model) return
    this.#conversationStarted = true
    this.claudeSessionId = claudeSessionId
    this.#model = model
    void this.writer.write({ session: { claudeSessionId, model, conversationStarted: true }, events: [] })
  }
}
