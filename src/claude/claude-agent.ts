import type { Query, SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { PermissionMode } from '../contract/sessions.ts'
import type {
  Agent,
  AgentFailure,
  AgentQuestions,
  AgentSpec,
  SteeredInput,
  TurnOutcome,
} from '../sessions/ports/index.ts'
import { DeltaReader } from './messages/delta.ts'
import { toShownFrame } from './messages/shown-frame.ts'
import { isTransient } from './messages/transient-frames.ts'
import { toUserMessage } from './messages/user-message.ts'
import { ConversationProcess } from './process/conversation-process.ts'
import { explainEnd, type ProcessEnd } from './process/exit-reason.ts'
import { toInspection } from './process/inspection.ts'
import { toProcessOptions } from './process/process-options.ts'
import { failedToStart, goneBefore, interrupted, isUnavailable, silent } from './process/process-outcomes.ts'
import type { ProcessTree } from './process/process-tree.ts'
import { Watchdog } from './process/watchdog.ts'
import { isBeginning, isIdle, Workload } from './process/workload.ts'
import { createAgentQuestions } from './questions/agent-questions.ts'
import { type AskPermission, ProposedPlans } from './questions/permission-callbacks.ts'
import { tellOfChangedInput } from './questions/tool-hooks.ts'
import type { AgentContext } from './settings/agent-context.ts'
import { ForwardedServers } from './settings/forwarded-servers.ts'
import { hideSecrets } from './settings/hide-secrets.ts'
import { InstructionPlugin } from './settings/instruction-plugin.ts'
import { reconfigure } from './settings/reconfigure.ts'
import { toEnvironment, toSdkOptions } from './settings/sdk-options.ts'
import { findIgnoredSetting, findMissingTool } from './settings/verify-settings.ts'
import { ConversationRecovery } from './transcript/conversation-recovery.ts'
import { ActiveTurn } from './turn/active-turn.ts'
import { toCheckedOutcome } from './turn/checked-outcome.ts'
import { watchCommand } from './turn/command-effects.ts'
import { CostMeter } from './turn/cost-meter.ts'
import type { ObservedUsage } from './turn/observed-usage.ts'
import { isUnknownEnd } from './turn/outcome.ts'
import { findMissedInput } from './turn/steered-input.ts'
import { toFigures, toFiguresSoFar } from './turn/turn-figures.ts'

/** From an interrupt that Claude Code does not follow to ending its process, in milliseconds. */
const interruptDeadlineMs = 4_000
const idleEnd = { graceMs: 3_000, termMs: 2_000 }
const forcedEnd = { graceMs: 0, termMs: 2_000 }

/** A conversation with a process of Claude Code: see the port `Agent`. */
export class ClaudeAgent implements Agent {
  readonly exited: Promise<void>
  alive = true
  startFailure: AgentFailure | undefined
  permissionMode: PermissionMode
  #spec: AgentSpec
  readonly #context: AgentContext
  readonly #live: ConversationProcess
  #turn: ActiveTurn | undefined
  #closing: Promise<void> | undefined
  #seesStates = false
  #costBefore: number | null = null
  readonly #plugin: InstructionPlugin
  readonly #meter = new CostMeter()
  readonly #servers: ForwardedServers
  readonly questions: AgentQuestions
  readonly #workload: Workload
  readonly #deltas = new DeltaReader()
  readonly #plans = new ProposedPlans()
  readonly #watchdog: Watchdog
  /** What it did that no Claude Code does. */
  #fault: AgentFailure | undefined
  /** Resolves to undefined when the process can take prompts, else to why it cannot. */
  readonly #ready = Promise.withResolvers<AgentFailure | undefined>()
  #started = false

  constructor(spec: AgentSpec, context: AgentContext) {
    this.#spec = spec
    this.permissionMode = spec.permissionMode
    this.#context = context
    this.#watchdog = new Watchdog(context.watchdogMs, () => this.#giveUp(silent))
    this.#workload = new Workload(context.listener, this.#weighAutonomousWork)
    this.#plugin = new InstructionPlugin(spec.instructions?.skills ?? [], context.skillsDirectory)
    this.#servers = new ForwardedServers(context.forwarder, spec.claudeSessionId)
    this.#live = this.#open()
    this.exited = this.#readToEnd().finally(() => this.#plugin.remove())
    this.questions = createAgentQuestions({
      ready: this.#ready.promise,
      exited: this.exited,
      query: () => this.#live.query,
      servers: this.#servers,
    })
  }

  get tree(): ProcessTree | undefined {
    return this.#live.tree
  }

  async runTurn(wanted: Parameters<Agent['runTurn']>[0]): Promise<TurnOutcome> {
    const { turnId, prompt, commands = false, continues, steered = [] } = wanted
    if (!this.alive)
      return {
        ...failedToStart(this.startFailure ?? goneBefore),
        ...(this.startFailure === undefined && { unavailable: false }),
      }
    const said = commands ? this.#plugin.qualify(prompt) : prompt
    const turn = new ActiveTurn(turnId, continues, this.#workload.marks)
    this.#turn = turn
    this.#watchdog.start()
    void this.#ready.promise.then(failure => {
      if (turn !== this.#turn) return
      if (failure) return this.#settle(failedToStart(failure))
      if (turn.interruptRequested && !continues) return this.#settle(interrupted(turn))
      if (continues) return this.#goOn(turn, steered)
      turn.send = () => {
        if (commands) turn.effects = watchCommand(this.#live.query)
        this.#live.send(toUserMessage(turnId, said, commands))
      }
      this.#sendWhenFree(turn)
    })
    return turn.ended
  }

  interrupt(): void {
    const turn = this.#turn
    if (!turn || turn.interruptRequested) return
    turn.interruptRequested = true
    if (!turn.sent) {
      this.#settle(interrupted(turn))
      return
    }
    if (turn.begun) this.#sendInterrupt(turn)
    const deadline = setTimeout(() => {
      if (turn === this.#turn) void this.close()
    }, interruptDeadlineMs)
    void turn.ended.then(() => clearTimeout(deadline))
  }

  interruptAutonomousWork(): void {
    if (!this.#workload.autonomousWork) return
    this.#live.query.interrupt().catch(error => {
      this.#context.log.warn({ err: error }, 'interrupt was not answered')
    })
    const { ownWorks } = this.#workload
    setTimeout(() => {
      if (this.#workload.autonomousWork && this.#workload.ownWorks === ownWorks) void this.close()
    }, interruptDeadlineMs).unref()
  }

  steer({ id, prompt }: SteeredInput): boolean {
    const turn = this.#turn
    if (!turn?.begun || turn.answered || turn.interruptRequested) return false
    turn.expect(id)
    this.#live.send(toUserMessage(id, prompt, false))
    return true
  }

  abandon(): Promise<void> {
    this.alive = false
    this.#closing ??= this.#live.kill().then(() => this.exited)
    return this.#closing
  }

  async reconfigure(wanted: AgentSpec): Promise<boolean> {
    if (!this.alive || this.#turn || (await this.#ready.promise)) return false
    const forward = this.#servers.forward.bind(this.#servers)
    if (!(await reconfigure(this.#live.query, this.#spec, wanted, forward))) return false
    const { claudeSessionId, resume } = this.#spec
    this.#spec = { ...wanted, claudeSessionId, resume }
    this.permissionMode = wanted.permissionMode
    return this.alive
  }

  close(): Promise<void> {
    this.alive = false
    this.#closing ??= this.#live.end(this.#turn ? forcedEnd : idleEnd).then(() => this.exited)
    return this.#closing
  }

  #open(): ConversationProcess {
    const { settings, transcripts, listener, registry, log } = this.#context
    const mirror = transcripts && listener
    const spec = this.#spec
    const environment = toEnvironment(settings, spec.settings.agentEnv)
    return new ConversationProcess(spec, {
      recovery: transcripts && new ConversationRecovery(transcripts, environment, log),
      toOptions: (opened, given) =>
        toProcessOptions(spec, this.#context, this.#ask, {
          ...toSdkOptions(this.#servers.apply(opened, settings.environment), settings, mirror, given),
          ...this.#plugin.options,
        }),
      keeping: { registry, onFrame: () => this.#watchdog.feed(), onFault: fault => this.#giveUp(fault) },
      log,
      onStart: (query, opened) => this.#onStart(query, opened),
    })
  }

  #onStart(query: Query, { claudeSessionId, resume }: AgentSpec): void {
    this.#spec = { ...this.#spec, claudeSessionId, resume }
    this.#costBefore = resume ? null : 0
    query.initializationResult().then(
      async result => {
        this.#started = true
        this.#meter.start(query, resume)
        const inspection = toInspection(result)
        this.#context.onInspection(inspection)
        const failure =
          inspection.failure ?? (await findIgnoredSetting(query, this.#spec, result).catch(() => undefined))
        if (failure) {
          // Whoever logs in later is seen by a new process only.
          this.startFailure = failure
          void this.close()
        }
        const { report } = this.#live
        if (report) await this.#context.listener.onConversation(report)
        this.#ready.resolve(failure)
      },
      // The end of the process tells more, and `#readToEnd` sees it.
      () => {},
    )
  }

  /** While a person is waited for, silence is no fault of the process. */
  readonly #ask: AskPermission = async (question, signal) => {
    this.#watchdog.pause()
    try {
      await this.#tellFigures()
      const answer = await this.#context.listener.onPermission(this.#plans.complete(question), signal)
      await tellOfChangedInput(question, answer, this.#context.listener)
      return answer
    } finally {
      this.#watchdog.resume()
    }
  }

  /** The process may be gone before the answer comes. */
  async #tellFigures(): Promise<void> {
    const turn = this.#turn
    const counted = turn && (await this.#meter.read(this.#live.query))
    if (turn && turn === this.#turn) this.#context.listener.onFigures(toFiguresSoFar(counted, turn.observed))
  }

  /** The turn goes on by itself; what its earlier process was given and did not take up is said again. */
  #goOn(turn: ActiveTurn, steered: readonly SteeredInput[]): void {
    this.#meter.begin()
    findMissedInput(this.#context.transcripts, this.#spec, steered).then(
      missed => {
        for (const input of missed) if (turn === this.#turn) this.steer(input)
      },
      error =>
        this.#context.log.warn({ err: error, turnId: turn.turnId }, 'steered input was not given again'),
    )
  }

  /** Ends a process that cannot be worked with. */
  #giveUp(fault: AgentFailure): void {
    this.#fault ??= fault
    this.#context.log.warn(
      { reason: fault.reason, claudeSessionId: this.#spec.claudeSessionId },
      fault.message,
    )
    void this.close()
  }

  async #readToEnd(): Promise<void> {
    const end = await this.#readProcess()
    this.alive = false
    const failure = this.#fault ?? explainEnd(end)
    if (!end.started && !this.#closing) {
      this.startFailure = failure
      if (isUnavailable(failure)) this.#context.onInspection({ status: 'unavailable', failure })
      const said = hideSecrets(end.text.trim(), this.#spec)
      this.#context.log.warn({ reason: failure.reason, said }, 'Claude Code did not start')
    }
    this.#ready.resolve(failure)
    // What its tools had started may live on.
    await this.#live.end({ graceMs: 0, termMs: 0 })
    this.#workload.end()
    this.#servers.close()
    const turn = this.#turn
    if (!turn) return
    for (const voided of this.#deltas.end()) this.#context.listener.onDeltaVoided(voided)
    const figures = toFigures(turn.results, turn.observed, this.#costBefore)
    const { said: response, notice } = turn
    if (turn.interruptRequested) this.#settle({ ...interrupted(turn), ...figures })
    else if (end.started)
      this.#settle({ ...failedToStart(failure), unavailable: false, response, notice, ...figures })
    else this.#settle(failedToStart(failure))
  }

  async #readProcess(): Promise<ProcessEnd> {
    const end = await this.#live.read(message => {
      try {
        this.#observe(message)
      } catch (error) {
        this.#context.log.warn({ err: error }, 'a frame of Claude Code could not be understood')
      }
    })
    return { ...end, cwd: this.#spec.cwd, started: this.#started }
  }

  #observe(message: SDKMessage): void {
    const { listener } = this.#context
    // The result of a process that could not open the conversation is not part of the conversation.
    if (!this.#started || typeof message.type !== 'string') return
    // All is answered, and Claude Code goes on by itself.
    if (this.#turn?.isOver && isBeginning(message)) this.#finish(this.#turn)
    const turn = this.#turn?.finished ? undefined : this.#turn
    turn?.observe(message)
    this.#meter.observe(message)
    const isOfTurn = this.#workload.observe(message, turn)
    this.#plans.note(message)
    for (const voided of this.#deltas.findVoided(message)) listener.onDeltaVoided(voided)
    if (message.type === 'stream_event') {
      const delta = isOfTurn ? this.#deltas.read(message) : undefined
      if (delta) listener.onDelta(delta)
      return
    }
    if (message.type === 'system' && 'permissionMode' in message) {
      this.permissionMode = message.permissionMode ?? this.permissionMode
      void listener.onState({ permissionMode: this.permissionMode })
    }
    if (message.type === 'system' && message.subtype === 'init') {
      listener.onIdentity({ claudeSessionId: message.session_id, model: message.model })
      const missing = findMissingTool(this.#spec.settings, message.tools)
      if (missing) this.#giveUp(missing)
    }
    if (message.type === 'system' && message.subtype === 'mirror_error') listener.onTranscriptLost()
    if (!isTransient(message)) listener.onMessage(toShownFrame(message), isOfTurn)
    if (message.type === 'system' && message.subtype === 'session_state_changed') this.#seesStates = true
    if (!turn) return
    this.#sendWhenFree(turn)
    if (turn.interruptRequested && turn.begun && !turn.answered) this.#sendInterrupt(turn)
    if (turn.answered && this.#isEnd(message, turn)) this.#finish(turn)
  }

  /** Whether nothing more comes of an answered turn. While a subagent works in the background nothing gets idle. */
  #isEnd(message: SDKMessage, turn: ActiveTurn): boolean {
    if (isIdle(message) || (turn.isOver && this.#workload.tasks.running > 0)) return true
    return message.type === 'result' && !this.#seesStates
  }

  /** What is sent while the main conversation works on something else would be mixed with it. */
  #sendWhenFree(turn: ActiveTurn): void {
    if (turn.sent || !turn.send || this.#workload.autonomousWork) return
    turn.sent = true
    this.#meter.begin()
    turn.send()
  }

  #sendInterrupt(turn: ActiveTurn): void {
    turn.interruptAnswered ??= this.#live.query.interrupt().catch(error => {
      this.#context.log.warn({ err: error, turnId: turn.turnId }, 'interrupt was not answered')
    })
  }

  readonly #weighAutonomousWork = (results: readonly SDKResultMessage[], observed: ObservedUsage) => {
    const took = toFigures(results, observed, this.#costBefore)
    this.#costBefore = results.at(-1)?.total_cost_usd ?? this.#costBefore
    return took
  }

  /** An answer to an interrupt that is still on its way must not meet the next turn. */
  #finish(turn: ActiveTurn): void {
    if (turn.finished) return
    turn.finished = true
    const outcome = toCheckedOutcome(turn.signs, this.#costBefore, this.#spec.settings.outputFormat)
    this.#costBefore = turn.results.at(-1)?.total_cost_usd ?? this.#costBefore
    const effects = turn.effects?.().then(state => this.#context.listener.onState(state))
    void Promise.all([outcome, turn.interruptAnswered, effects]).then(([settled]) => {
      if (isUnknownEnd(settled)) {
        const { ending } = settled
        this.#context.log.warn({ turnId: turn.turnId, ending }, 'turn ended in an unknown way')
      }
      if (turn === this.#turn) this.#settle(settled)
    })
  }

  #settle(outcome: TurnOutcome): void {
    const turn = this.#turn
    this.#turn = undefined
    this.#watchdog.stop()
    turn?.settle(outcome)
  }
}
