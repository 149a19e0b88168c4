import type { SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Prompt } from '../contract/turns.ts'
import type {
  Agent,
  AgentFailure,
  AgentInspection,
  AgentListener,
  AgentSpec,
  TranscriptStore,
  TurnOutcome,
} from '../sessions/ports.ts'
import { ActiveTurn } from './active-turn.ts'
import { DeltaReader } from './delta.ts'
import { explainEnd, findMismatch, type ProcessEnd } from './exit-reason.ts'
import { toInspection } from './inspection.ts'
import { type LiveQuery, openQuery } from './live-query.ts'
import { toOutcome } from './outcome.ts'
import { type AskPermission, toPermissionCallbacks } from './permission-callbacks.ts'
import type { ProcessRegistry } from './process-registry.ts'
import { withRemembered } from './remembered-permissions.ts'
import { type ClaudeSettings, toSdkOptions } from './sdk-options.ts'
import { Watchdog } from './watchdog.ts'

/** From an interrupt that Claude Code does not follow to ending its process, in milliseconds. */
const interruptDeadlineMs = 4_000
const idleEnd = { graceMs: 3_000, termMs: 2_000 }
const forcedEnd = { graceMs: 0, termMs: 2_000 }

/** Frames that tell of the process and not of the conversation: they are not stored. */
const transientTypes = new Set([
  'stream_event',
  'command_lifecycle',
  'keep_alive',
  'tool_progress',
  'auth_status',
])
const transientSubtypes = new Set([
  'session_state_changed',
  'status',
  'thinking_tokens',
  'commands_changed',
  'task_progress',
  'background_tasks_changed',
  'hook_started',
  'hook_progress',
])

export interface AgentContext {
  settings: ClaudeSettings
  listener: AgentListener
  transcripts: TranscriptStore | undefined
  registry: ProcessRegistry
  /** 0: off. */
  watchdogMs: number
  onInspection(inspection: AgentInspection): void
  log: { warn(fields: object, message: string): void }
}

/** A conversation with a process of Claude Code: see the port `Agent`. */
export class ClaudeAgent implements Agent {
  readonly exited: Promise<void>
  alive = true
  startFailure: AgentFailure | undefined
  #spec: AgentSpec
  readonly #context: AgentContext
  #live: LiveQuery
  #turn: ActiveTurn | undefined
  #closing: Promise<void> | undefined
  #seesStates = false
  #costBefore: number | null = null
  readonly #deltas = new DeltaReader()
  readonly #watchdog: Watchdog
  /** What it did that no Claude Code does. */
  #fault: AgentFailure | undefined
  /** Resolves to undefined when the process can take prompts, else to why it cannot. */
  readonly #ready = Promise.withResolvers<AgentFailure | undefined>()
  #started = false

  constructor(spec: AgentSpec, context: AgentContext) {
    this.#spec = spec
    this.#context = context
    if (!spec.resume) this.#costBefore = 0
    this.#watchdog = new Watchdog(context.watchdogMs, () => this.#giveUp(silent))
    this.#live = this.#open()
    this.exited = this.#readToEnd()
  }

  async runTurn({ turnId, prompt }: { turnId: string; prompt: Prompt }): Promise<TurnOutcome> {
    if (!this.alive)
      return {
        ...failedToStart(this.startFailure ?? goneBefore),
        unavailable: this.startFailure !== undefined,
      }
    const turn = new ActiveTurn(turnId)
    this.#turn = turn
    this.#watchdog.start()
    void this.#ready.promise.then(failure => {
      if (turn !== this.#turn) return
      if (failure) return this.#settle(failedToStart(failure))
      if (turn.interruptRequested) return this.#settle(interrupted(turn))
      turn.sent = true
      this.#live.send(toUserMessage(turnId, prompt))
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

  steer({ id, prompt }: { id: string; prompt: Prompt }): boolean {
    const turn = this.#turn
    if (!turn?.begun || turn.answered || turn.interruptRequested) return false
    this.#live.send(toUserMessage(id, prompt))
    return true
  }

  close(): Promise<void> {
    this.alive = false
    this.#closing ??= this.#live.end(this.#turn ? forcedEnd : idleEnd).then(() => this.exited)
    return this.#closing
  }

  #open(): LiveQuery {
    const { settings, transcripts, registry } = this.#context
    const asking = this.#spec.settings.permissionPrompts === 'ask' && toPermissionCallbacks(this.#ask)
    const options = {
      ...withRemembered(toSdkOptions(this.#spec, settings, transcripts), this.#spec.remembered),
      ...asking,
    }
    const live = openQuery(options, {
      registry,
      claudeSessionId: this.#spec.claudeSessionId,
      onFrame: () => this.#watchdog.feed(),
      onFault: fault => this.#giveUp(fault),
    })
    live.query.initializationResult().then(
      result => {
        this.#started = true
        const inspection = toInspection(result)
        this.#context.onInspection(inspection)
        if (inspection.failure) {
          // Whoever logs in later is seen by a new process only.
          this.startFailure = inspection.failure
          void this.close()
        }
        this.#ready.resolve(inspection.failure)
      },
      // The end of the process tells more, and `#readToEnd` sees it.
      () => {},
    )
    return live
  }

  /** While a person is waited for, silence is no fault of the process. */
  readonly #ask: AskPermission = async (question, signal) => {
    this.#watchdog.pause()
    try {
      return await this.#context.listener.onPermission(question, signal)
    } finally {
      this.#watchdog.resume()
    }
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
    let end = await this.#readProcess()
    const mismatch = findMismatch(end)
    if (mismatch && !this.#closing) {
      // The transcript of Claude Code and our note of it can differ after a crash between the two.
      this.#context.log.warn(
        { claudeSessionId: this.#spec.claudeSessionId, mismatch },
        'conversation opened anew',
      )
      this.#spec = { ...this.#spec, resume: mismatch === 'exists' }
      this.#live = this.#open()
      end = await this.#readProcess()
    }
    this.alive = false
    const failure = this.#fault ?? explainEnd(end)
    if (!end.started && !this.#closing) {
      this.startFailure = failure
      this.#context.onInspection({ status: 'unavailable', failure })
      this.#context.log.warn({ reason: failure.reason, said: end.text.trim() }, 'Claude Code did not start')
    }
    this.#ready.resolve(failure)
    // What its tools had started may live on.
    await this.#live.end({ graceMs: 0, termMs: 0 })
    const turn = this.#turn
    if (!turn) return
    if (turn.interruptRequested) this.#settle(interrupted(turn))
    else if (end.started) this.#settle({ ...failedToStart(failure), unavailable: false })
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
    const turn = this.#turn
    // The result of a process that could not open the conversation is not part of the conversation.
    if (!this.#started || typeof message.type !== 'string') return
    turn?.observe(message)
    if (message.type === 'stream_event') {
      const delta = this.#deltas.read(message)
      if (delta) listener.onDelta(delta)
      return
    }
    if (message.type === 'system' && message.subtype === 'init') {
      listener.onIdentity({ claudeSessionId: message.session_id, model: message.model })
    }
    if (message.type === 'system' && message.subtype === 'mirror_error') listener.onTranscriptLost()
    if (!isTransient(message)) listener.onMessage(message as unknown as Record<string, unknown>)
    if (!turn) return
    if (turn.interruptRequested && turn.begun && !turn.answered) this.#sendInterrupt(turn)
    if (message.type === 'system' && message.subtype === 'session_state_changed') {
      this.#seesStates = true
      if (message.state === 'idle' && turn.answered) this.#finish(turn)
    } else if (message.type === 'result' && turn.answered && !this.#seesStates) {
      this.#finish(turn)
    }
  }

  #sendInterrupt(turn: ActiveTurn): void {
    turn.interruptAnswered ??= this.#live.query.interrupt().catch(error => {
      this.#context.log.warn({ err: error, turnId: turn.turnId }, 'interrupt was not answered')
    })
  }

  /** An answer to an interrupt that is still on its way must not meet the next turn. */
  #finish(turn: ActiveTurn): void {
    const outcome = toOutcome(turn, this.#costBefore)
    this.#costBefore = turn.results.at(-1)?.total_cost_usd ?? this.#costBefore
    void Promise.resolve(turn.interruptAnswered).then(() => {
      if (turn === this.#turn) this.#settle(outcome)
    })
  }

  #settle(outcome: TurnOutcome): void {
    const turn = this.#turn
    this.#turn = undefined
    this.#watchdog.stop()
    turn?.settle(outcome)
  }
}

function isTransient(message: SDKMessage): boolean {
  return (
    transientTypes.has(message.type) || (message.type === 'system' && transientSubtypes.has(message.subtype))
  )
}

const silent: AgentFailure = {
  reason: 'process_unresponsive',
  message: "Claude Code's process gave no sign of life for too long",
}

const goneBefore: AgentFailure = {
  reason: 'process_died',
  message: "Claude Code's process was gone before the turn began",
}

function failedToStart(failure: AgentFailure) {
  return { status: 'failed', failure, unavailable: true, response: null, usage: null, costUsd: null } as const
}

function interrupted(turn: ActiveTurn): TurnOutcome {
  return { status: 'interrupted', response: turn.assistantText, usage: null, costUsd: null }
}

/** Text that Claude Code would take for a command or a file mention is delivered as the text that it is. */
const looksLikeCommand = /^\s*\/|(^|\s)@\S/

function toUserMessage(turnId: string, prompt: Prompt): SDKUserMessage {
  const texts =
    typeof prompt === 'string' ? [prompt] : prompt.flatMap(block => (block.type === 'text' ? block.text : []))
  return {
    type: 'user',
    message: { role: 'user', content: prompt as SDKUserMessage['message']['content'] },
    parent_tool_use_id: null,
    uuid: turnId as NonNullable<SDKUserMessage['uuid']>,
    ...(texts.some(text => looksLikeCommand.test(text)) && { client_composed: true }),
  }
}
