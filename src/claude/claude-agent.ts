import type { Query, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
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
import { LiveReports } from './messages/live-reports.ts'
import { messageReader } from './messages/message-reader.ts'
import { toShownFrame } from './messages/shown-frame.ts'
import { isTransient } from './messages/transient-frames.ts'
import { toUserMessage } from './messages/user-message.ts'
import type { ConversationProcess } from './process/conversation-process.ts'
import { explainEnd, type ProcessEnd } from './process/exit-reason.ts'
import { toInspection } from './process/inspection.ts'
import { openConversation } from './process/open-conversation.ts'
import {
  failedToStart,
  interrupted,
  isUnavailable,
  outcomeOfEnd,
  outcomeWithoutProcess,
  silent,
} from './process/process-outcomes.ts'
import type { ProcessTree } from './process/process-tree.ts'
import { Watchdog } from './process/watchdog.ts'
import { interruptDeadlineMs, isBeginning, isIdle, Workload } from './process/workload.ts'
import { createAgentQuestions } from './questions/agent-questions.ts'
import { toClientCalls } from './questions/client-calls.ts'
import { PermissionRelay } from './questions/permission-relay.ts'
import type { AgentContext } from './settings/agent-context.ts'
import { ForwardedServers } from './settings/forwarded-servers.ts'
import { hideSecrets } from './settings/hide-secrets.ts'
import { InstructionPlugin } from './settings/instruction-plugin.ts'
import { reconfigure } from './settings/reconfigure.ts'
import { findIgnoredSetting, findMissingTool } from './settings/verify-settings.ts'
import { ActiveTurn } from './turn/active-turn.ts'
import { toCheckedOutcome } from './turn/checked-outcome.ts'
import { watchCommand } from './turn/command-effects.ts'
import { CostMeter } from './turn/cost-meter.ts'
import { isUnknownEnd } from './turn/outcome.ts'
import { findMissedInput } from './turn/steered-input.ts'
import { toFigures, toFiguresSoFar } from './turn/turn-figures.ts'

const idleEnd = { graceMs: 3_000, termMs: 2_000 }
const forcedEnd = { graceMs: 0, termMs: 2_000 }

/** A conversation with a Claude Code process; see the port `Agent`. */
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
  readonly #plugin: InstructionPlugin
  readonly #meter = new CostMeter()
  readonly #servers: ForwardedServers
  readonly questions: AgentQuestions
  readonly #workload: Workload
  readonly #deltas = new DeltaReader()
  readonly #liveReports: LiveReports
  readonly #permissions: PermissionRelay
  readonly #watchdog: Watchdog
  /** The violation for which the process is being ended. */
  #fault: AgentFailure | undefined
  /** Resolves to undefined when the process can take prompts, otherwise to the failure. */
  readonly #ready = Promise.withResolvers<AgentFailure | undefined>()
  #started = false

  constructor(spec: AgentSpec, context: AgentContext) {
    this.#spec = spec
    this.permissionMode = spec.permissionMode
    this.#context = context
    this.#watchdog = new Watchdog(context.watchdogMs, () => this.#giveUp(silent))
    this.#permissions = new PermissionRelay(context.listener, this.#watchdog, () => this.#reportFigures())
    this.#liveReports = new LiveReports(context.listener)
    this.#workload = new Workload(context.listener, (results, observed) =>
      toFigures(results, observed, this.#meter.takeCostBefore(results)),
    )
    this.#plugin = new InstructionPlugin(spec.instructions?.skills ?? [], context.skillsDirectory)
    const { tenantId, claudeSessionId } = spec
    const process = { tenantId, claudeSessionId }
    const channel = context.boxes?.openChannel(spec.settings.agentEnv ?? {}, process)
    this.#servers = new ForwardedServers(
      channel ?? context.forwarder,
      process,
      toClientCalls(this.#permissions.ask, toolUseId => this.#servers.takeAgent(toolUseId)),
    )
    const parts = { servers: this.#servers, plugin: this.#plugin, channel }
    this.#live = openConversation(spec, context, parts, {
      ask: this.#permissions.ask,
      onFrame: () => this.#watchdog.feed(),
      onFault: fault => this.#giveUp(fault),
      onStart: (query, opened) => this.#onStart(query, opened),
    })
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
    if (!this.alive) return outcomeWithoutProcess(this.startFailure)
    const turn = new ActiveTurn(turnId, continues, this.#workload.marks)
    this.#turn = turn
    this.#watchdog.start()
    void this.#ready.promise.then(failure => {
      if (turn !== this.#turn) return
      if (failure) return this.#settle(failedToStart(failure))
      if (turn.interruptRequested && !continues) return this.#settle(interrupted(turn))
      if (continues) return this.#resume(turn, steered)
      turn.send = () => {
        if (commands) turn.effects = watchCommand(this.#live.query)
        this.#live.send(toUserMessage(turnId, commands ? this.#plugin.qualify(prompt) : prompt, commands))
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
    const deadline = setTimeout(() => void this.close(), interruptDeadlineMs)
    void turn.ended.then(() => clearTimeout(deadline))
  }

  interruptAutonomousWork(): void {
    this.#workload.interrupt(this.#live, this.#context.log, () => void this.close())
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
    if (!(await reconfigure(this.#live.query, this.#spec, wanted, this.#servers))) return false
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

  #onStart(query: Query, { claudeSessionId, resume }: AgentSpec): void {
    this.#spec = { ...this.#spec, claudeSessionId, resume }
    query.initializationResult().then(
      async result => {
        this.#started = true
        this.#meter.start(query, resume)
        const inspection = toInspection(result)
        this.#context.onInspection(inspection)
        const failure =
          inspection.failure ?? (await findIgnoredSetting(query, this.#spec, result).catch(() => undefined))
        if (failure) {
          // Only a new process sees a later login.
          this.startFailure = failure
          void this.close()
        }
        const { report } = this.#live
        if (report) await this.#context.listener.onConversation(report)
        this.#ready.resolve(failure)
      },
      // The end of the process gives a better reason, which `#readToEnd` sees.
      () => {},
    )
  }

  /** The process may end before the answer comes. */
  async #reportFigures(): Promise<void> {
    const turn = this.#turn
    const counted = turn && (await this.#meter.read(this.#live.query))
    if (turn && turn === this.#turn) this.#context.listener.onFigures(toFiguresSoFar(counted, turn.observed))
  }

  /** Resumes the turn. Steered input that the earlier process had not read is sent again. */
  #resume(turn: ActiveTurn, steered: readonly SteeredInput[]): void {
    this.#meter.begin()
    findMissedInput(this.#context.transcripts, this.#spec, steered).then(
      missed => {
        for (const input of missed) if (turn === this.#turn) this.steer(input)
      },
      error => this.#context.log.warn({ err: error, turnId: turn.turnId }, 'steered input not resent'),
    )
  }

  /** Ends an unusable process. */
  #giveUp(fault: AgentFailure): void {
    this.#fault ??= fault
    if (fault.reason === 'isolation_failed') this.startFailure ??= fault
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
      this.#context.log.warn({ reason: failure.reason, said }, 'Claude Code start failed')
    }
    this.#ready.resolve(failure)
    // Programs that its tools have started may still run.
    await this.#live.end({ graceMs: 0, termMs: 0 })
    this.#workload.end()
    this.#servers.close()
    const turn = this.#turn
    this.#liveReports.end(turn)
    if (!turn) return
    for (const voided of this.#deltas.end()) this.#context.listener.onDeltaVoided(voided)
    const figures = toFigures(turn.results, turn.observed, this.#meter.takeCostBefore(turn.results))
    this.#settle(outcomeOfEnd(turn, end.started, failure, figures))
  }

  async #readProcess(): Promise<ProcessEnd> {
    const end = await this.#live.read(message => {
      try {
        this.#observe(message)
      } catch (error) {
        this.#context.log.warn({ err: error }, 'frame not understood')
      }
    })
    return { ...end, cwd: this.#spec.cwd, started: this.#started }
  }

  #observe(message: SDKMessage): void {
    const { listener } = this.#context
    // If the process could not open the conversation, its result is not part of it.
    if (!this.#started || typeof message.type !== 'string') return
    // Everything is answered, and Claude Code continues on its own.
    if (this.#turn?.isOver && isBeginning(message)) this.#finish(this.#turn)
    const turn = this.#turn?.finished ? undefined : this.#turn
    turn?.observe(message)
    this.#meter.observe(message)
    const isOfTurn = this.#workload.observe(message, turn)
    this.#permissions.observe(message)
    this.#liveReports.observe(message, this.#turn, isOfTurn)
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
    if (!isTransient(message)) listener.onMessage(messageReader.read(toShownFrame(message)), isOfTurn)
    if (message.type === 'system' && message.subtype === 'session_state_changed') this.#seesStates = true
    if (!turn) return
    this.#sendWhenFree(turn)
    if (turn.interruptRequested && turn.begun && !turn.answered) this.#sendInterrupt(turn)
    if (turn.answered && this.#isEnd(message, turn)) this.#finish(turn)
  }

  /** Whether an answered turn is over. While a background subagent works, Claude Code does not report idle. */
  #isEnd(message: SDKMessage, turn: ActiveTurn): boolean {
    if (isIdle(message) || (turn.isOver && this.#workload.tasks.running > 0)) return true
    return message.type === 'result' && !this.#seesStates
  }

  /** Delays prompts while the main conversation does other work, because they would be mixed with it. */
  #sendWhenFree(turn: ActiveTurn): void {
    if (turn.sent || !turn.send || this.#workload.autonomousWork) return
    turn.sent = true
    this.#meter.begin()
    turn.send()
  }

  #sendInterrupt(turn: ActiveTurn): void {
    turn.interruptAnswered ??= this.#live.query.interrupt().catch(error => {
      this.#context.log.warn({ err: error, turnId: turn.turnId }, 'interrupt not acknowledged')
    })
  }

  /** Waits for the acknowledgement of an interrupt, which must not hit the next turn. */
  #finish(turn: ActiveTurn): void {
    if (turn.finished) return
    turn.finished = true
    const before = this.#meter.takeCostBefore(turn.results)
    const outcome = toCheckedOutcome(turn.signs, before, this.#spec.settings.outputFormat)
    const effects = turn.effects?.().then(state => this.#context.listener.onState(state))
    void Promise.all([outcome, turn.interruptAnswered, effects]).then(([settled]) => {
      const { turnId } = turn
      if (isUnknownEnd(settled))
        this.#context.log.warn({ turnId, ending: settled.ending }, 'turn outcome unknown')
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
