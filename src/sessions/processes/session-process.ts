import { ServiceError } from '../../contract/errors.ts'
import { BackgroundWork } from '../conversation/background-work.ts'
import { FileTracking } from '../files/file-tracking.ts'
import { stopWhenSpent } from '../limits/stop-when-spent.ts'
import { SessionWriter } from '../log/session-writer.ts'
import { type AskingProcess, OpenRequests } from '../permissions/open-requests.ts'
import type { Agent } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import type { OpenTurn } from '../turns/turn.ts'
import { isLastAgenticTurn } from '../turns/turn-progress.ts'
import { FollowedState } from './followed-state.ts'
import { GivenConfiguration } from './given-configuration.ts'
import { IdleTimer } from './idle-timer.ts'
import type { SlotHolder } from './process-pool.ts'
import { type CallerOfTurn, ProcessSlot } from './process-slot.ts'
import type { SessionProcessContext } from './session-process-context.ts'
import { SessionRecorder } from './session-recorder.ts'
import type { Spare } from './spare-process.ts'

/**
 * The process of one session: obtains a slot for it, starts it, keeps it between turns and ends it. Its life is
 * the table in `process-states.ts`.
 */
export class SessionProcess implements SlotHolder, AskingProcess {
  readonly owner: { tenantId: string; sessionId: string }
  readonly writer: SessionWriter
  readonly requests: OpenRequests
  readonly background: BackgroundWork
  readonly state: FollowedState
  readonly recorder: SessionRecorder
  readonly suspendAfterMs: number
  readonly saveFiles: () => Promise<void>
  readonly #context: SessionProcessContext
  readonly #findTurn: () => OpenTurn | undefined
  readonly #slot: ProcessSlot
  /** The live one; in `failed`, or until a turn was told, the one that could not start. */
  #agent: Agent | undefined
  /** The one before, which is being ended. */
  #leaving: Promise<void> | undefined
  #launching: Promise<Agent> | undefined
  readonly configuration: GivenConfiguration
  readonly #idleTimer: IdleTimer
  #borrowers = 0

  constructor(session: SessionRecord, context: SessionProcessContext, findTurn: () => OpenTurn | undefined) {
    this.owner = { tenantId: session.tenantId, sessionId: session.id }
    this.#context = context
    this.suspendAfterMs = context.permissionParkMs
    this.saveFiles = async () => context.snapshots?.take(this.owner)
    this.#findTurn = findTurn
    this.#idleTimer = new IdleTimer(context.idleTimeoutMs, () => this.rest())
    this.writer = new SessionWriter(context.log, this.owner, context.faults, context.signal)
    this.background = new BackgroundWork(this.owner, session.createdBy, this.writer)
    this.#slot = new ProcessSlot(context.pool, session.id, this, () => this.background.tasks > 0)
    this.state = new FollowedState(this.writer, session.cwd, () => this.configuration.findSession())
    this.requests = new OpenRequests(this)
    this.configuration = new GivenConfiguration(session, context, this)
    this.recorder = new SessionRecorder(session, {
      context,
      writer: this.writer,
      background: this.background,
      requests: this.requests,
      state: this.state,
      files: new FileTracking({
        ...context,
        findSession: () => this.configuration.findSession(),
        findTurnId: () => findTurn()?.record.id,
      }),
      findTurn,
      onWorkChanged: () => this.#restBetweenTurns(),
      onAutonomousWork: () => void stopWhenSpent(this, context),
    })
  }

  /** Whether there is a process, or something that needs one. */
  get isNeeded(): boolean {
    return this.#agent !== undefined || this.#launching !== undefined || this.#borrowers > 0
  }

  get liveAgent(): Agent | undefined {
    return this.#agent?.alive ? this.#agent : undefined
  }

  get turn(): OpenTurn | undefined {
    return this.#findTurn()
  }

  get isIrreplaceable(): boolean {
    return this.background.tasks > 0 || isLastAgenticTurn(this.turn, this.configuration.maxTurns)
  }

  async canContinue(toolUseId: string): Promise<boolean> {
    await this.writer.flush()
    const conversation = { ...this.owner, claudeSessionId: this.recorder.claudeSessionId }
    return this.#context.launcher.canContinue(conversation, toolUseId)
  }

  abandon(): Promise<void> {
    return this.#agent?.abandon() ?? Promise.resolve()
  }

  /** Makes a spare process this session's own. */
  adopt(spare: Spare): void {
    spare.slot.handOver(this)
    spare.listenTo(this.recorder)
    this.#slot.admit(spare.slot)
    this.#slot.move('launch')
    this.#own(spare.agent)
  }

  /** Starts the process without waiting, if a slot is free; a failure shows when a turn needs it. */
  warm(): void {
    if (!this.#slot.isHeld && !this.#slot.take(false)) {
      this.#context.onDispensable(this.owner.sessionId)
      return
    }
    this.obtain().then(
      () => {
        if (!this.turn) this.rest()
      },
      error => this.#onLaunchFault(error),
    )
  }

  /** Whether a turn can have a process now: a live one, or a slot for a new one, which is held then. */
  reserve(): boolean {
    this.#idleTimer.stop()
    return this.holdSlot()
  }

  /** As `reserve`, but the idle time continues. */
  holdSlot(): boolean {
    if (this.#slot.status === 'closed') return false
    // A process that failed to start reports its failure without holding a slot.
    if (this.#agent?.startFailure && !this.configuration.isStale) return true
    if (this.#slot.isHeld) this.#slot.move('work')
    else this.#slot.take(true)
    return this.#slot.isHeld
  }

  /** Waits for what `reserve` could not have. False when the signal fired or the pool was closed before. */
  waitForSlot(caller: CallerOfTurn, signal: AbortSignal): Promise<boolean> {
    return this.#slot.wait(caller, signal)
  }

  /** Waits with the process idle, so that others can have its slot. */
  async whileResting<T>(wait: () => Promise<T>): Promise<T> {
    this.#slot.isOffered = true
    this.rest()
    try {
      return await wait()
    } finally {
      this.#slot.isOffered = false
    }
  }

  /**
   * For a turn right after another one: as `reserve` and `waitForSlot`, but turns of others that wait get the slot
   * first where it is their turn. A process that has something else to do keeps its slot.
   */
  async renewSlot(caller: CallerOfTurn, signal: AbortSignal): Promise<boolean> {
    if (!this.#slot.isAwaited) return this.reserve() || this.waitForSlot(caller, signal)
    return (await this.#slot.renew(caller, signal, () => this.rest())) && this.reserve()
  }

  /**
   * The session's process: the live one, or a new one. One that failed to start is handed out once, so that its
   * turn reports why; the next turn tries again. To be called with a slot only.
   * @param continueAt tool call at which a suspended turn continues
   */
  async obtain(continueAt?: string): Promise<Agent> {
    // One that is being changed may be replaced.
    const agent = this.#launching ? undefined : this.#agent
    if (agent?.alive && !this.configuration.isStale) return agent
    // Also where the configuration has changed since: without a slot there can be no other one.
    if (agent?.startFailure && !(this.configuration.isStale && this.#slot.isHeld)) {
      this.#agent = undefined
      return agent
    }
    this.#launching ??= this.#renew(continueAt).finally(() => {
      this.#launching = undefined
    })
    const renewed = await this.#launching
    // It may have been changed again meanwhile, or another waiter has begun to change it.
    const isSettled = !this.configuration.isStale && !this.#launching
    return isSettled || continueAt !== undefined ? renewed : this.obtain()
  }

  /** Keeps the process from being ended while something else than a turn uses it. */
  borrow(): void {
    this.#borrowers++
  }

  giveBack(): void {
    this.#borrowers--
    this.#restBetweenTurns()
  }

  #restBetweenTurns(): void {
    if (!this.turn || this.#slot.isOffered) this.rest()
  }

  /** Makes Claude Code stop what it does by itself, and resolves when it has. */
  interruptAutonomousWork(): Promise<void> {
    this.#agent?.interruptAutonomousWork()
    return this.background.whenQuiet()
  }

  /** Interrupts the running turn, also while its process is ending: the turn then ends as interrupted. */
  interrupt(): void {
    this.#agent?.interrupt()
  }

  /** The process gets the stored configuration before its next turn. */
  invalidate(): void {
    this.configuration.isStale = true
  }

  /** Between turns: the process waits for the next one within its idle time, unless it has something to do. */
  rest(): void {
    // By now a failure to start has been reported.
    if (this.#agent && !this.#agent.alive) this.#agent = undefined
    if (!this.#agent) {
      this.#idleTimer.stop()
      if (!this.#launching && this.#borrowers === 0) this.#slot.move('rest')
      this.#context.onDispensable(this.owner.sessionId)
      return
    }
    const { autonomousWork, tasks } = this.background
    if (autonomousWork || tasks > 0) this.#idleTimer.stop()
    else this.#idleTimer.start()
    if (autonomousWork || this.#borrowers > 0) this.#slot.move('work')
    else if (this.#idleTimer.overdue) void this.retire()
    else this.#slot.move('rest')
  }

  /** Ends the process; the next turn starts another one, in the same conversation. */
  retire(): Promise<void> {
    return this.#leave('leave')
  }

  /** Gives the process up for a turn that waits for a person. */
  suspend(): Promise<void> {
    return this.#leave('suspend')
  }

  /** Ends the process, and waits until everything that it said is stored. */
  async leave(): Promise<void> {
    while (this.#launching) await this.#launching.catch(() => {})
    await this.retire()
    await this.writer.flush()
  }

  close(): Promise<void> {
    this.#slot.move('close')
    return this.leave()
  }

  async #leave(event: 'leave' | 'suspend'): Promise<void> {
    this.#idleTimer.stop()
    const agent = this.#agent
    const slot = this.#slot.detach()
    this.#agent = undefined
    this.#slot.move(event)
    const leaving = Promise.all([this.#leaving, agent?.close()]).then(() => {})
    this.#leaving = leaving
    await leaving
    if (this.#leaving === leaving) this.#leaving = undefined
    await this.#loseBackground()
    slot?.release()
    this.#context.onDispensable(this.owner.sessionId)
  }

  /** The live process with the configuration as it is stored now, else a new one. */
  async #renew(continueAt: string | undefined): Promise<Agent> {
    const agent = this.#agent
    if (!agent?.alive) return this.#launch(continueAt)
    try {
      const { spec, give } = await this.configuration.load(this.recorder.conversation, false)
      give()
      if ((await agent.reconfigure(spec)) && agent.alive) return agent
    } catch (error) {
      this.configuration.isStale = true
      throw error
    }
    return this.#launch()
  }

  async #launch(continueAt?: string): Promise<Agent> {
    this.#refuseWhenClosed()
    this.#slot.move('launch')
    try {
      return await this.#start(continueAt)
    } catch (error) {
      this.#slot.move('abort')
      throw error
    }
  }

  async #start(continueAt: string | undefined): Promise<Agent> {
    const old = this.#agent
    this.#agent = undefined
    // Two processes of one conversation would both write its transcript.
    await Promise.all([old?.close(), this.#leaving])
    await this.#loseBackground()
    await this.#slot.free
    await this.writer.flush()
    const continues = continueAt !== undefined
    const { spec, give } = await this.configuration.load(this.recorder.conversation, continues)
    this.#refuseWhenClosed()
    give()
    const agenticTurns = continues ? this.turn?.agenticTurns : 0
    const how = { continueAt, continueAs: this.requests.suspension.continuesAs, agenticTurns }
    return this.#own(this.#context.launcher.launch({ ...spec, ...how }, this.recorder))
  }

  #refuseWhenClosed(): void {
    if (this.#slot.status === 'closed')
      throw new ServiceError('SESSION_ENDED', `Session ${this.owner.sessionId} has ended`)
  }

  #own(agent: Agent): Agent {
    this.#agent = agent
    this.#slot.move('launched')
    void agent.exited.then(() => this.#onExit(agent))
    return agent
  }

  #onExit(agent: Agent): void {
    if (this.#agent !== agent) return
    if (!agent.startFailure) this.#agent = undefined
    void this.#loseBackground()
    const isNeeded = this.turn !== undefined || this.#borrowers > 0
    this.#slot.move(agent.startFailure && !isNeeded ? 'fail' : 'exit')
    if (isNeeded) return
    if (this.#slot.status === 'admitted') this.#slot.move('rest')
    this.#context.onDispensable(this.owner.sessionId)
  }

  /** The process has gone, and with it everything that ran in it beside the turns. */
  async #loseBackground(): Promise<void> {
    await Promise.all([this.requests.withdrawOfBackground(), this.background.lose()])
  }

  #onLaunchFault(error: unknown): void {
    if (this.#slot.status === 'closed') return
    this.#context.faults.error({ err: error, ...this.owner }, 'process start failed')
    if (!this.turn) this.rest()
  }
}
