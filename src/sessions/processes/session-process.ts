import { ServiceError } from '../../contract/errors.ts'
import type { Prompt } from '../../contract/turns.ts'
import { BackgroundWork } from '../conversation/background-work.ts'
import { noteConversation } from '../conversation/lost-conversation.ts'
import { FileTracking } from '../files/file-tracking.ts'
import { messageIdOf } from '../log/message-shape.ts'
import { SessionWriter } from '../log/session-writer.ts'
import { PermissionBroker } from '../permissions/permission-broker.ts'
import type { Agent, AgentListener } from '../ports/index.ts'
import type { RunConfiguration, SessionRecord } from '../records.ts'
import { noteInForce } from '../settings/settings-in-force.ts'
import type { OpenTurn } from '../turns/running-turn.ts'
import { isLastAgenticTurn, noteFigures, noteMessage } from '../turns/turn-progress.ts'
import { FollowedState } from './followed-state.ts'
import { IdleTimer } from './idle-timer.ts'
import { toLaunchSpec } from './launch-spec.ts'
import type { Slot, SlotHolder } from './process-pool.ts'
import { toRunConfiguration } from './run-configuration.ts'
import type { SessionProcessContext } from './session-process-context.ts'
import type { Spare } from './spare-process.ts'

/**
 * Owns the process of one session: gets it a place in the pool, starts it, keeps it between turns, ends it, and
 * writes down what it says.
 */
export class SessionProcess implements SlotHolder {
  readonly writer: SessionWriter
  readonly permissions: PermissionBroker
  readonly #files: FileTracking
  readonly background: BackgroundWork
  readonly state: FollowedState
  claudeSessionId: string
  readonly #session: Pick<SessionRecord, 'id' | 'tenantId'>
  readonly #context: SessionProcessContext
  readonly #currentTurn: () => OpenTurn | undefined
  #place: Slot | undefined
  /** What the process works with. */
  #configuration: RunConfiguration
  #agent: Agent | undefined
  #launching: Promise<Agent> | undefined
  #conversationStarted: boolean
  #model: string | null
  #stale = false
  #closed = false
  /** Its time goes on while somebody asks the process something. */
  readonly #rest: IdleTimer
  #borrowers = 0

  constructor(
    session: SessionRecord,
    context: SessionProcessContext,
    currentTurn: () => OpenTurn | undefined,
  ) {
    this.#session = { id: session.id, tenantId: session.tenantId }
    this.#configuration = session
    this.#context = context
    this.#currentTurn = currentTurn
    this.claudeSessionId = session.claudeSessionId
    this.#conversationStarted = session.conversationStarted
    this.#model = session.model
    const owner = { tenantId: session.tenantId, sessionId: session.id }
    this.#rest = new IdleTimer(context.idleTimeoutMs, () => this.rest())
    this.writer = new SessionWriter(context.log, owner, context.faults, context.signal)
    this.background = new BackgroundWork(owner, this.writer)
    this.state = new FollowedState(this.writer, session.cwd, () => this.#findSession())
    this.#files = new FileTracking({
      ...context,
      findSession: () => this.#findSession(),
      findTurnId: () => currentTurn()?.record.id,
    })
    this.permissions = new PermissionBroker({
      owner,
      writer: this.writer,
      currentTurn,
      parkMs: context.permissionParkMs,
      isInBackground: agentId => agentId !== null && this.background.has(agentId),
      findConfiguration: () => toRunConfiguration(this.#configuration, this.#agent),
      isProcessNeeded: () =>
        this.background.tasks > 0 || isLastAgenticTurn(currentTurn(), this.#configuration.maxTurns),
      canContinue: toolUseId => this.#canContinue(toolUseId),
      isShellElsewhere: () => this.state.isShellElsewhere,
      abandon: async () => this.#agent?.abandon(),
      findSession: () => this.#findSession(),
    })
  }

  /** Whether there is a process, or somebody who waits for one. */
  get isNeeded(): boolean {
    return this.#agent !== undefined || this.#launching !== undefined || this.#borrowers > 0
  }

  get liveAgent(): Agent | undefined {
    return this.#agent?.alive ? this.#agent : undefined
  }

  /** Makes a spare process this session's own. */
  adopt(spare: Spare): void {
    spare.slot.handOver(this)
    spare.listenTo(this.#listener())
    this.#place = spare.slot
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
    this.#rest.stop()
    return this.holdPlace()
  }

  /** As `reserve`, but the time to rest goes on. */
  holdPlace(): boolean {
    // One that failed to start needs no place to say so.
    if (this.#agent?.startFailure && !this.#stale) return true
    this.#place ??= this.#context.pool.take(this)
    this.#place?.markBusy()
    return this.#place !== undefined
  }

  /** Waits for what `reserve` could not have. False when the signal fired or the pool was closed before. */
  async waitForSlot(caller: string, signal: AbortSignal): Promise<boolean> {
    const place = await this.#context.pool.wait(this, caller, signal)
    // Somebody else who needs the process may have got one meanwhile.
    if (this.#place) place?.release()
    else this.#place = place
    return this.#place !== undefined
  }

  /**
   * The session's process: the one that lives, or a new one. One that failed to start is handed out once, so
   * that the turn which meets it tells why; the next turn tries again. To be called with a place only.
   */
  async obtain(continueAt?: string): Promise<Agent> {
    const agent = this.#agent
    if (agent && !this.#stale) {
      if (agent.alive) return agent
      if (agent.startFailure) {
        this.#agent = undefined
        return agent
      }
    }
    this.#launching ??= this.#renew(continueAt).finally(() => {
      this.#launching = undefined
    })
    const renewed = await this.#launching
    // Changed again while it was made ready.
    return this.#stale && continueAt === undefined ? this.obtain() : renewed
  }

  /** Somebody asks the process something: it is not ended meanwhile. To be given back. */
  borrow(): void {
    this.#borrowers++
  }

  giveBack(): void {
    this.#borrowers--
    if (!this.#currentTurn()) this.rest()
  }

  /** Makes Claude Code leave what it does by itself, and resolves when it has. */
  interruptAutonomousWork(): Promise<void> {
    this.#agent?.interruptAutonomousWork()
    return this.background.whenQuiet()
  }

  invalidate(): void {
    this.#stale = true
  }

  interrupt(): void {
    this.#agent?.interrupt()
  }

  /** Hands the running turn more input. False when it cannot take any: nothing has happened then. */
  steer(input: { id: string; prompt: Prompt }): boolean {
    return this.#agent?.steer(input) ?? false
  }

  /** Between turns: the process waits for the next one, but not for ever, unless it has something to do. */
  rest(): void {
    // A failure to start has been told by now.
    if (this.#agent && !this.#agent.alive) this.#agent = undefined
    if (!this.#agent) {
      this.#rest.stop()
      if (!this.#launching && this.#borrowers === 0) this.#leavePlace()
      this.#context.onDispensable(this.#session.id)
      return
    }
    const { autonomousWork, tasks } = this.background
    if (autonomousWork || tasks > 0) this.#rest.stop()
    else this.#rest.start()
    if (autonomousWork || this.#borrowers > 0) this.#place?.markBusy()
    else if (this.#rest.overdue) void this.retire()
    else this.#place?.markIdle(tasks > 0)
  }

  /** Ends the process; the next turn starts another, in the same conversation. */
  async retire(): Promise<void> {
    this.#rest.stop()
    const agent = this.#agent
    const place = this.#place
    this.#agent = undefined
    this.#place = undefined
    await agent?.close()
    await this.#loseBackground()
    place?.release()
    this.#context.onDispensable(this.#session.id)
  }

  /** Ends the process, and waits until the last of what it said is written. */
  async leave(): Promise<void> {
    await this.#launching?.catch(() => {})
    await this.retire()
    await this.writer.write({ events: [] })
  }

  /** The next process works in this conversation, which has to be resumed when it has begun; whether that is new. */
  takeUp(claudeSessionId: string, begun: boolean): boolean {
    const isNew = claudeSessionId !== this.claudeSessionId || begun !== this.#conversationStarted
    this.claudeSessionId = claudeSessionId
    this.#conversationStarted = begun
    return isNew
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#launching?.catch(() => {})
    await this.retire()
  }

  /** The process that lives, with the session's configuration as it is stored now; else a new one. */
  async #renew(continueAt: string | undefined): Promise<Agent> {
    const agent = this.#agent
    if (!agent?.alive) return this.#launch(continueAt)
    this.#stale = false
    this.state.begin()
    const isUpToDate = await this.#findSpec().then(
      ({ spec, configuration }) => {
        this.#configuration = configuration
        return agent.reconfigure(spec)
      },
      error => {
        this.#stale = true
        throw error
      },
    )
    return isUpToDate && agent.alive ? agent : this.#launch()
  }

  async #canContinue(toolUseId: string): Promise<boolean> {
    const conversation = { tenantId: this.#session.tenantId, claudeSessionId: this.claudeSessionId }
    return this.#context.launcher.canContinue(conversation, toolUseId)
  }

  async #launch(continueAt?: string): Promise<Agent> {
    const old = this.#agent
    this.#agent = undefined
    this.#stale = false
    this.state.begin()
    // Two processes of one conversation would both write its transcript.
    await old?.close()
    await this.#loseBackground()
    await this.#place?.free
    const continues = continueAt === undefined ? null : this.permissions.continuesWith
    const { spec, configuration } = await this.#findSpec(continues)
    const agenticTurns = continueAt === undefined ? 0 : this.#currentTurn()?.agenticTurns
    if (this.#closed) throw new ServiceError('SESSION_ENDED', `Session ${this.#session.id} has ended`)
    this.#configuration = configuration
    // What has been changed since the turn began counts from the next one.
    this.#stale ||= continues !== null
    return this.#own(this.#context.launcher.launch({ ...spec, continueAt, agenticTurns }, this.#listener()))
  }

  /** @param continues what the turn that goes on has worked with; null: as the session is set now */
  async #findSpec(continues: RunConfiguration | null = null) {
    const conversation = { claudeSessionId: this.claudeSessionId, resume: this.#conversationStarted }
    const stored = await this.#findSession()
    const session = { ...stored, ...continues }
    if (continues) this.state.continueWith(continues, this.permissions.continuesInMode, stored)
    const spec = await toLaunchSpec(this.#context, session, conversation)
    const note = noteInForce(session, spec.settingSources)
    if (note) await this.writer.write(note)
    return { spec, configuration: session }
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
    const { log } = this.#context
    return {
      onMessage: (message, isOfTurn) => this.#onMessage(message, isOfTurn),
      onDelta: delta => this.#tellReaders((id, turnId) => log.publishDelta(id, { turnId, ...delta })),
      onDeltaVoided: block => this.#tellReaders((id, turnId) => log.voidDelta(id, { turnId, ...block })),
      onFigures: figures => noteFigures(this.#currentTurn(), figures, this.writer),
      onConversation: report =>
        noteConversation(this, this.#context, this.#session, report, this.#currentTurn()),
      onIdentity: identity => this.#onIdentity(identity),
      onState: state => this.state.note(state),
      onPermission: (question, signal) => this.permissions.ask(question, signal),
      onTask: (task, turnId) => {
        this.background.note(task, turnId)
        this.#restAgain()
      },
      onAutonomousWorkStart: () => {
        this.background.startAutonomousWork()
        this.#restAgain()
      },
      onAutonomousWorkEnd: work => {
        this.background.endAutonomousWork(work)
        this.#restAgain()
      },
      onBeforeTool: use => this.#files.before(use),
      onAfterTool: use => this.#files.after(use),
      onTranscriptLost: () => void this.writer.write({ session: { transcript: 'incomplete' }, events: [] }),
    }
  }

  #onExit(agent: Agent): void {
    if (this.#agent !== agent) return
    // One that failed to start waits for the turn that tells of it, but not in a place.
    if (!agent.startFailure) this.#agent = undefined
    void this.#loseBackground()
    if (this.#currentTurn() || this.#borrowers > 0) return
    this.#leavePlace()
    this.#context.onDispensable(this.#session.id)
  }

  /** The process is gone, and what ran in it beside the turns. */
  async #loseBackground(): Promise<void> {
    await Promise.all([this.permissions.withdrawOfBackground(), this.background.lose()])
  }

  /** What keeps it from resting has changed. */
  #restAgain(): void {
    if (!this.#currentTurn()) this.rest()
  }

  #leavePlace(): void {
    this.#place?.release()
    this.#place = undefined
  }

  #onLaunchFault(error: unknown): void {
    if (this.#closed) return
    this.#context.faults.error({ err: error, sessionId: this.#session.id }, 'could not start Claude Code')
    if (!this.#currentTurn()) this.rest()
  }

  #onMessage(message: Record<string, unknown>, isOfTurn: boolean): void {
    const turn = isOfTurn ? this.#currentTurn() : undefined
    const id = messageIdOf(message)
    if (turn) noteMessage(turn, id, message)
    void this.writer.write({
      events: [{ type: 'message', turnId: turn?.record.id ?? null, payload: { id, source: 'sdk', message } }],
    })
  }

  #tellReaders(tell: (sessionId: string, turnId: string) => void): void {
    const turn = this.#currentTurn()
    if (turn) tell(this.#session.id, turn.record.id)
  }

  #onIdentity({ claudeSessionId, model }: { claudeSessionId: string; model: string }): void {
    if (this.#conversationStarted && claudeSessionId === this.claudeSessionId && model === this.#model) return
    this.#conversationStarted = true
    this.claudeSessionId = claudeSessionId
    this.#model = model
    void this.writer.write({ session: { claudeSessionId, model, conversationStarted: true }, events: [] })
  }
}
