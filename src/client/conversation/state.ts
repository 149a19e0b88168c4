import type {
  Activity,
  EventPermissionRequested,
  EventTurnQueued,
  IgnoredMention,
  PermissionDenial,
  PermissionMode,
  SessionState,
  SessionStatus,
  StreamGap,
  TurnError,
  TurnStatus,
  Usage,
} from '../generated-api.ts'

/** A part of a message. `partialIndex`: its place among the blocks that are being generated; null: it is complete. */
export type BlockView = TextView | ThinkingView | ToolCallView | FileView | OtherView

export interface TextView {
  readonly type: 'text'
  readonly text: string
  readonly partialIndex: number | null
}

export interface ThinkingView {
  readonly type: 'thinking'
  readonly text: string
  readonly partialIndex: number | null
}

export interface ToolCallView {
  readonly type: 'tool_call'
  /** null until the block is complete, like `name`. */
  readonly id: string | null
  readonly name: string | null
  readonly input: unknown
  /** The JSON text of the input so far, while the block is partial. */
  readonly inputText: string
  readonly partialIndex: number | null
  /** The input that the tool ran with instead of `input`, because a person changed it; null: none. */
  readonly updatedInput: unknown
  /** null: the tool has not answered. */
  readonly result: ToolResultView | null
  /** The conversation of the subagent that this call started. */
  readonly messages: readonly MessageView[]
}

export interface ToolResultView {
  readonly blocks: readonly BlockView[]
  readonly isError: boolean
  /** The result as the tool gave it, such as the patch of an edit; its form is the tool's. Undefined: none. */
  readonly data?: unknown
}

/** An image or a document. */
export interface FileView {
  readonly type: 'file'
  readonly kind: 'image' | 'document'
  readonly title: string | null
  readonly source: Readonly<Record<string, unknown>>
}

/** A block of a type that this client does not know. */
export interface OtherView {
  readonly type: 'other'
  readonly value: unknown
}

export interface MessageView {
  readonly id: string
  /** null: the message belongs to no turn, such as autonomous work after a background task. */
  readonly turnId: string | null
  /** `system`: a notice, such as a compaction of the conversation. */
  readonly role: 'user' | 'assistant' | 'system'
  readonly blocks: readonly BlockView[]
  /**
   * A text of Claude Code or the server, not of Claude or a person. `compaction`: the conversation was summarised;
   * `lost`: the turn was lost; `command`: output of a slash command; `error`: in place of an answer;
   * `information`: a warning, such as another model that answers.
   */
  readonly notice: 'compaction' | 'lost' | 'command' | 'error' | 'information' | null
  /** Claude Code wrote this message of the role `user` itself. */
  readonly isSynthetic: boolean
  /** A rewind has taken the message out of the conversation. */
  readonly isRewound: boolean
  /** The time of its first stored part; null: nothing of it is stored yet. */
  readonly timestamp: string | null
}

export interface TurnView {
  readonly turnId: string
  readonly status: TurnStatus
  readonly response: string | null
  readonly stopReason: string | null
  readonly error: TurnError | null
  /** Texts of Claude Code itself, such as the output of hooks. */
  readonly notice: string | null
  readonly permissionDenials: readonly PermissionDenial[]
  /** The file mentions of the prompt that stayed text. */
  readonly ignoredMentions: readonly IgnoredMention[]
  /** The answer as data, in sessions with `outputFormat`. */
  readonly structuredOutput: unknown
  /** The reason why the turn waited; null: it started at once. */
  readonly queuedFor: NonNullable<EventTurnQueued['reason']> | null
  readonly usage: Usage | null
  readonly costUsd: number | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly isRewound: boolean
}

export type OpenRequest = EventPermissionRequested

/** An activity of Claude Code, and the turn that it belongs to. */
export type ActivityView = Exclude<Activity, { kind: 'done' }> & { readonly turnId: string | null }

/** A session as a user interface shows it. */
export interface Conversation {
  /** The sequence of the last applied event; where to continue with `follow({ after })`. */
  readonly sequence: number
  readonly status: SessionStatus
  readonly state: SessionState
  readonly title: string | null
  readonly model: string | null
  readonly cwd: string | null
  readonly permissionMode: PermissionMode | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly messages: readonly MessageView[]
  readonly turns: readonly TurnView[]
  /** The turns that wait, in the order in which they were submitted. */
  readonly queue: readonly string[]
  /** Requests that wait for a person. */
  readonly requests: readonly OpenRequest[]
  /** The current activities, in the order in which they began. */
  readonly activity: readonly ActivityView[]
  /** The prompt that Claude Code suggests; null: none. */
  readonly suggestion: string | null
  /** The sums over all turns that have ended. */
  readonly usage: Readonly<Usage>
  readonly costUsd: number
  /** Events that retention has removed. */
  readonly gap: StreamGap | null
  /** The turns that Claude no longer knows. */
  readonly lostTurnIds: readonly string[]
}

/** A conversation before its first event. */
export const emptyConversation: Conversation = {
  sequence: 0,
  status: 'active',
  state: 'idle',
  title: null,
  model: null,
  cwd: null,
  permissionMode: null,
  metadata: {},
  messages: [],
  turns: [],
  queue: [],
  requests: [],
  activity: [],
  suggestion: null,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
  costUsd: 0,
  gap: null,
  lostTurnIds: [],
}
