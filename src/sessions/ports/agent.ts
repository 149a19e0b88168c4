import type { FailureReason } from '../../contract/errors.ts'
import type { Delta } from '../../contract/events.ts'
import type { PermissionSuggestion } from '../../contract/permissions.ts'
import type { SessionSettings } from '../../contract/session-settings.ts'
import type { PermissionMode } from '../../contract/sessions.ts'
import type { ModelInfo } from '../../contract/system.ts'
import type { PermissionDenial, Prompt, StopReason, Usage } from '../../contract/turns.ts'
import type { PermissionAnswer, PermissionQuestion } from '../records.ts'

/** How a conversation's process is to be started. */
export interface AgentSpec {
  tenantId: string
  claudeSessionId: string
  /** Whether the conversation exists and has to be taken up again. */
  resume: boolean
  cwd: string
  model: string | null
  permissionMode: PermissionMode
  appendSystemPrompt: string | null
  maxTurns: number | null
  settings: SessionSettings
  /** What people have allowed for the rest of the session. */
  remembered: PermissionSuggestion[]
}

export interface AgentFailure {
  reason: FailureReason
  /** For people: what happened, and what to do where something can be done. */
  message: string
}

export type TurnOutcome = {
  usage: Usage | null
  costUsd: number | null
  response: string | null
  /** What the answer is as data; left out: none was asked for. */
  structuredOutput?: unknown
  /** Left out: none. */
  permissionDenials?: PermissionDenial[]
} & (
  | { status: 'completed'; stopReason: StopReason }
  | { status: 'interrupted' }
  | { status: 'failed'; failure: AgentFailure; unavailable: boolean }
)

/** What an agent tells while it works; called in order, never after its turn's promise settled. */
export interface AgentListener {
  onMessage(message: Record<string, unknown>): void
  onDelta(delta: { messageId: string; blockIndex: number; delta: Delta }): void
  /** Claude Code says which conversation and model it works with. */
  onIdentity(identity: { claudeSessionId: string; model: string }): void
  /**
   * Claude Code may not do something by itself. Never rejects; only asked when the session's `permissionPrompts`
   * is `ask`.
   * @param signal fires when Claude Code does not want to know any more
   */
  onPermission(question: PermissionQuestion, signal: AbortSignal): Promise<PermissionAnswer>
  /** A part of the transcript could not be stored. */
  onTranscriptLost(): void
}

/** One live Claude Code process with one conversation; runs one turn at a time. */
export interface Agent {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  /** Whether it can take a turn; false from the moment when its process ends or is being ended. */
  readonly alive: boolean
  /** Why the process never became able to take a turn; undefined while that is not known to be so. */
  readonly startFailure: AgentFailure | undefined
  /**
   * Runs one turn to its end. Never rejects: what goes wrong is an outcome.
   * A process that fails to start is the outcome of its first turn.
   */
  runTurn(turn: { turnId: string; prompt: Prompt }): Promise<TurnOutcome>
  /**
   * Makes the running turn end, by force after a bounded time; its promise tells when. Idempotent,
   * nothing happens without a running turn.
   */
  interrupt(): void
  /**
   * Hands the running turn more input, which Claude Code takes up between its steps. The turn ends when that has
   * been answered too. `id` becomes the uuid of the message.
   * @returns false when no turn runs that could still take it: nothing has happened then
   */
  steer(input: { id: string; prompt: Prompt }): boolean
  /** Ends the process and everything that it started, by force after a bounded time. Idempotent. */
  close(): Promise<void>
}

export interface AgentInspection {
  status: 'ok' | 'unavailable'
  version?: string
  models?: ModelInfo[]
  failure?: AgentFailure
}

export interface AgentLauncher {
  /** Starts a process in the background; synchronous, so that a launch is owned from its first moment. */
  launch(spec: AgentSpec, listener: AgentListener): Agent
  /** Asks Claude Code whether it can work, and for its models, without a conversation. */
  inspect(): Promise<AgentInspection>
  /** What the newest process said; undefined before any has. */
  readonly lastInspection: AgentInspection | undefined
  /** Ends every process. Idempotent. */
  close(): Promise<void>
}
