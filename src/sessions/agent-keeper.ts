import type { DeltaEvent } from '../contract/events.ts'
import type { EventLog } from './event-log.ts'
import { isRecordOfAssistant, messageIdOf } from './message-shape.ts'
import type { Agent, AgentLauncher, Store } from './ports.ts'
import type { SessionRecord } from './records.ts'
import type { OpenTurn } from './running-turn.ts'
import { SessionWriter, type WriterLog } from './session-writer.ts'

export interface AgentKeeperContext {
  store: Store
  log: EventLog
  launcher: AgentLauncher
  /** How long a process may wait for its next turn before it is ended, in milliseconds. */
  idleTimeoutMs: number
  faults: WriterLog
  /** Fires when the service gives up waiting. */
  signal: AbortSignal
  /** The session's process is gone and nothing runs. */
  onDispensable(sessionId: string): void
}

/** Owns the process of one session: starts it, keeps it between turns, ends it, writes down what it says. */
export class AgentKeeper {
  readonly writer: SessionWriter
  claudeSessionId: string
  readonly #session: Pick<SessionRecord, 'id' | 'tenantId'>
  readonly #context: AgentKeeperContext
  readonly #currentTurn: () => OpenTurn | undefined
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
  }

  get hasAgent(): boolean {
    return this.#agent !== undefined || this.#launching !== undefined
  }

  /** Starts the process without waiting; a failure shows when it is obtained for a turn. */
  warm(): void {
    this.obtain().then(
      () => {
        if (!this.#currentTurn()) this.rest()
      },
      error =>
        this.#context.faults.error(
          { err: error, sessionId: this.#session.id },
          'could not start Claude Code',
        ),
    )
  }

  /**
   * The session's process: the one that lives, or a new one. One that failed to start is handed out once, so
   * that the turn which meets it tells why; the next turn tries again.
   */
  async obtain(): Promise<Agent> {
    clearTimeout(this.#idle)
    const agent = this.#agent
    if (agent && !this.#stale) {
      if (agent.alive) return agent
      if (agent.startFailure) {
        this.#agent = undefined
        return agent
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

  /** Between turns: the process waits for the next one, but not for ever. */
  rest(): void {
    clearTimeout(this.#idle)
    if (!this.#agent) {
      this.#context.onDispensable(this.#session.id)
      return
    }
    this.#idle = setTimeout(() => void this.#retire(), this.#context.idleTimeoutMs)
    this.#idle.unref()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#launching?.catch(() => {})
    await this.#agent?.close()
  }

  async #launch(): Promise<Agent> {
    // Two processes of one conversation would both write its transcript.
    await this.#agent?.close()
    this.#agent = undefined
    this.#stale = false
    const { store, launcher } = this.#context
    const session = await store.findSession(this.#session.tenantId, this.#session.id)
    if (!session || this.#closed) throw new Error(`session ${this.#session.id} is gone`)
    const agent = launcher.launch(
      {
        claudeSessionId: this.claudeSessionId,
        resume: this.#conversationStarted,
        cwd: session.cwd,
        model: session.requestedModel,
        permissionMode: session.permissionMode,
        appendSystemPrompt: session.appendSystemPrompt,
        maxTurns: session.maxTurns,
      },
      {
        onMessage: message => this.#onMessage(message),
        onDelta: delta => this.#onDelta(delta),
        onIdentity: identity => this.#onIdentity(identity),
      },
    )
    this.#agent = agent
    void agent.exited.then(() => {
      // One that failed to start waits for the turn that tells of it.
      if (this.#agent === agent && !agent.startFailure) this.#agent = undefined
      if (!this.#currentTurn()) this.#context.onDispensable(this.#session.id)
    })
    return agent
  }

  async #retire(): Promise<void> {
    const agent = this.#agent
    if (!agent || this.#currentTurn()) return
    this.#agent = undefined
    await agent.close()
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
