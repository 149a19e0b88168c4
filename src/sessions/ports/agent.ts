import type { Activity } from '../../contract/activity.ts'
import type { FailureReason } from '../../contract/errors.ts'
import type { Delta } from '../../contract/events.ts'
import type { PermissionKind, PermissionSuggestion } from '../../contract/permissions.ts'
import type { SessionSettings, SettingSource } from '../../contract/session-settings.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import type { ModelInfo } from '../../contract/system.ts'
import type {
  ModelUsage,
  PermissionDenial,
  Prompt,
  StopReason,
  TurnEnding,
  Usage,
} from '../../contract/turns.ts'
import type { PermissionAnswer, PermissionQuestion } from '../records.ts'
import type { AgentQuestions } from './agent-questions.ts'
import type { AutonomousWork, TranscriptEntry, TranscriptKey, UsageShare } from './conversation-store.ts'
import type { AgentMessage, MessageReader } from './message.ts'
import type { Instructions } from './workspace.ts'

/** How a conversation's process is to be started. */
export interface AgentSpec {
  tenantId: string
  claudeSessionId: string
  /** Whether the conversation exists and has to be resumed. */
  resume: boolean
  /**
   * The tool call for which an earlier process asked permission: Claude Code asks again at once, and the turn
   * continues from there.
   */
  continueAt?: string | undefined
  /** The kind of the request at that call; left out: Claude Code asks for permission. */
  continueAs?: PermissionKind | undefined
  /** The part of `maxTurns` that a resumed turn has used already. */
  agenticTurns?: number | undefined
  cwd: string
  model: string | null
  permissionMode: PermissionMode
  appendSystemPrompt: string | null
  maxTurns: number | null
  /** With their secrets. */
  settings: SessionSettings
  /** The settings files that take effect, whatever `settings.settingSources` asks for. */
  settingSources: readonly SettingSource[]
  /** The instructions of the directories as text; null: they do not apply, or Claude Code reads them itself. */
  instructions: Instructions | null
  /** The rest of the budget in US dollars; left out: the budget of the settings. */
  budgetLeftUsd?: number | null
  /** Permissions that people have granted for the rest of the session. */
  remembered: PermissionSuggestion[]
  /** Where the shell of an earlier process was; null: in `cwd`. */
  workingDirectory: string | null
}

export interface AgentFailure {
  reason: FailureReason
  /** For people: what happened, and what to do where something can be done. */
  message: string
  /** When another attempt makes sense, in milliseconds since 1970. */
  retryAt?: number | undefined
}

export type TurnOutcome = {
  usage: Usage | null
  costUsd: number | null
  /** The usage per model; null or left out: unknown. */
  modelUsage?: ModelUsage[] | null
  response: string | null
  /** The structured answer; left out: none was requested. */
  structuredOutput?: unknown
  /** Left out: none. */
  permissionDenials?: PermissionDenial[]
  /** The notice of Claude Code itself; null or left out: none. */
  notice?: string | null
  /** The end in Claude Code's own words; left out: an ordinary one. */
  ending?: TurnEnding
} & (
  | { status: 'completed'; stopReason: StopReason }
  | { status: 'interrupted' }
  | { status: 'failed'; failure: AgentFailure; unavailable: boolean }
)

/** A call of a tool that may change files. */
export interface ToolUse {
  toolUseId: string
  toolName: string
  /** The subagent that calls it; null: none. */
  agentId: string | null
  /** The file that it changes; null: unknown. */
  file: string | null
}

/** More input for a turn that runs. `id` becomes the uuid of the message. */
export interface SteeredInput {
  readonly id: string
  prompt: Prompt
}

/** How a process has opened its conversation. */
export interface ConversationReport {
  /** Another one than was asked for where that could not be used. */
  claudeSessionId: string
  /** False: it began anew, and Claude knows nothing of what was said before. */
  resumed: boolean
  /** Whether the store has all that Claude knows. */
  isStored: boolean
  /** Whether Claude knows of the message with this uuid. */
  holds(uuid: string): boolean
}

/** State of a process that Claude, a command or an answer changes while it lives; absent: not reported. */
export interface ProcessState {
  permissionMode?: PermissionMode
  /** As a command asked for it; null: the default. */
  model?: string | null
  /** null: the model's default. */
  effort?: SessionSettings['effort'] | null
  /** Where its shell is. */
  workingDirectory?: string
}

/** A content block of a message of the model. */
export interface BlockOfMessage {
  messageId: string
  blockIndex: number
}

/** The reports of an agent while it works; called in order, never after its turn's promise has settled. */
export interface AgentListener {
  /** @param isOfTurn whether it is of the turn that runs, and not of what a background task or Claude Code does */
  onMessage(message: AgentMessage, isOfTurn: boolean): void
  onDelta(delta: BlockOfMessage & { delta: Delta }): void
  /** The deltas of the block no longer count: it does not become a message. */
  onDeltaVoided(block: BlockOfMessage): void
  /** Claude Code does something else than before. @param isOfTurn as in `onMessage` */
  onActivity(activity: Activity, isOfTurn: boolean): void
  /** Claude Code suggests what to ask after that turn. Can come after its end, when no other turn has begun. */
  onSuggestion(text: string, turnId: string): void
  /** The usage of the turn so far; reported before each permission request. */
  onFigures(figures: UsageShare): void
  /**
   * The process can work, and takes its first prompt when the promise has settled. Never rejects. Not told where
   * nothing is kept of conversations.
   */
  onConversation(report: ConversationReport): Promise<void>
  /** The process is in another state than before, or tells it again. Resolves when that is stored; never rejects. */
  onState(state: ProcessState): Promise<void>
  /** Claude Code says which conversation and model it works with. */
  onIdentity(identity: { claudeSessionId: string; model: string }): void
  /**
   * Claude Code may not do something by itself, where the session's `permissionPrompts` is `ask`; or it calls a tool
   * of the caller, or asks its hook. Never rejects.
   * @param signal fires when Claude Code does not want to know any more
   */
  onPermission(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer>
  /** A tool is about to run that may change files; it waits for the promise. */
  onBeforeTool(use: ToolUse): Promise<void>
  /** A tool that changes a file has run, or has failed. */
  onAfterTool(use: ToolUse): Promise<void>
  /** Claude Code has written lines of its transcript; not told where nothing is kept of conversations. */
  onTranscript(part: TranscriptKey, entries: TranscriptEntry[]): void
  /** A part of the transcript could not be handed over. */
  onTranscriptLost(): void
  /** A background task has begun, is known better, or has ended; those that end with the process are not told of. */
  onTask(task: AgentTask, turnId: string | null): void
  /** The main conversation has begun autonomous work. */
  onAutonomousWorkStart(): void
  /** That is over; also told when the process has gone. */
  onAutonomousWorkEnd(work: AutonomousWork): void
}

/** One live Claude Code process with one conversation; runs one turn at a time. */
export interface Agent extends AgentControl {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  /** Whether it can take a turn; false from the moment when its process ends or is being ended. */
  readonly alive: boolean
  /** The current mode: people and Claude itself change it. */
  readonly permissionMode: PermissionMode
  /** Why the process never became able to take a turn; undefined while that is not known to be so. */
  readonly startFailure: AgentFailure | undefined
  /**
   * Runs one turn to its end. Never rejects: what goes wrong is an outcome.
   * A process that fails to start is the outcome of its first turn.
   * @param turn.commands whether a slash command runs and a file mention is followed; left out: both are text
   * @param turn.continues it had begun in an earlier process (`continueAt`): no prompt is sent
   * @param turn.steered input that was steered into it; input that it has not read is given to this one
   */
  runTurn(turn: {
    turnId: string
    prompt: Prompt
    commands?: boolean
    continues?: boolean
    steered?: readonly SteeredInput[]
  }): Promise<TurnOutcome>
  /**
   * Makes the running turn end, by force after a bounded time; its promise tells when. Idempotent,
   * nothing happens without a running turn.
   */
  interrupt(): void
  /** Makes it leave what it has begun by itself (`onAutonomousWorkStart`), by force after a bounded time. Idempotent. */
  interruptAutonomousWork(): void
  /** The questions it answers beside its turns. */
  readonly questions: AgentQuestions
  /**
   * Hands the running turn more input, which Claude Code takes up between its steps. The turn ends when that has
   * been answered too.
   * @returns false when no turn runs that could still take it: nothing has happened then
   */
  steer(input: SteeredInput): boolean
  /** Ends the process at once, so that it can say nothing more of what it was doing; `runTurn` then ends too. */
  abandon(): Promise<void>
  /** Ends the process and everything that it started, by force after a bounded time. Idempotent. */
  close(): Promise<void>
}

export interface AgentInspection {
  status: 'ok' | 'unavailable'
  /** Milliseconds of `performance.now()`. */
  inspectedAt?: number
  version?: string
  models?: ModelInfo[]
  /** The names of all tools that it has. */
  tools?: string[]
  failure?: AgentFailure
}

/** The memory of the processes, as the machine reports it. */
export interface AgentMemory {
  /**
   * The bytes that the process of each agent takes together with what it has started; an agent whose memory is not
   * known is left out. Never rejects.
   */
  measure(agents: readonly Agent[]): Promise<ReadonlyMap<Agent, number>>
  /**
   * The share of the last ten seconds, in per cent, in which some process waited for memory; undefined where the
   * system does not tell. Never rejects.
   */
  readPressure(): Promise<number | undefined>
}

export interface AgentLauncher {
  /** Left out: the memory of processes is not known. */
  readonly memory?: AgentMemory
  /** Starts a process in the background; synchronous, so that a launch is owned from its first moment. */
  launch(spec: AgentSpec, listener: AgentListener): Agent
  /** Whether a new process could continue at that tool call, which is the last one of the conversation. */
  canContinue(
    conversation: { tenantId: string; claudeSessionId: string },
    toolUseId: string,
  ): Promise<boolean>
  /**
   * Brings into the store what only Claude Code's own files have of a conversation, as a crash leaves it. Never
   * rejects: what could not be brought in is missing still.
   * @param continueAt a tool call that waits for its answer: what a dying process made of it does not count
   */
  recoverTranscript(
    conversation: { tenantId: string; claudeSessionId: string; cwd: string },
    continueAt?: string,
  ): Promise<void>
  /** Asks Claude Code whether it can work, and for its models, without a conversation. */
  inspect(): Promise<AgentInspection>
  /** Knows the shapes of the messages that its processes give, and of those that are stored. */
  readonly messages: MessageReader
  /** The inspection of the newest process; undefined before the first. */
  readonly lastInspection: AgentInspection | undefined
  /** Ends every process. Idempotent. */
  close(): Promise<void>
}

/** Changes to a live process. */
export interface AgentControl {
  /**
   * Gives the process what has changed in the configuration of its session; to be called between turns. Never
   * rejects.
   * @returns whether the process works with all of it now; if not, it is of no use any more and has to be replaced
   */
  reconfigure(wanted: AgentSpec): Promise<boolean>
}

/** A background task as Claude Code tells of it. */
export interface AgentTask {
  taskId: string
  /** Claude Code's word for the kind of task, such as `local_bash` or `local_agent`. */
  type: string
  description: string
  /** The tool call that started it. */
  toolUseId: string | null
  /** For a subagent: which. */
  agent: string | null
  status: 'running' | 'completed' | 'failed' | 'stopped'
  /** Its own summary of its end. */
  summary: string | null
}
