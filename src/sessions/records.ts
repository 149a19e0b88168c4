import type { AttachmentMediaType } from '../contract/attachments.ts'
import type { ClientToolResult, HookOutput, HookRequest } from '../contract/client-requests.ts'
import type { TaskStatus } from '../contract/conversation.ts'
import type { EventType, SessionEvents } from '../contract/events.ts'
import type {
  PermissionElicitation,
  PermissionKind,
  PermissionStatus,
  PermissionSuggestion,
} from '../contract/permissions.ts'
import { type Scope, scopes } from '../contract/scopes.ts'
import type { SessionSettings, SettingSource } from '../contract/session-settings.ts'
import type { PermissionMode, SessionStatus, TitleSource } from '../contract/sessions.ts'
import type {
  ModelUsage,
  PermissionDenial,
  Prompt,
  StopReason,
  TurnEnding,
  TurnFailure,
  TurnStatus,
  Usage,
} from '../contract/turns.ts'
import type { Workspace } from '../contract/workspace.ts'

/** The tenant of everything that was there before tenants, and of keys of the configuration. */
export const defaultTenantId = 'default'

/** A write that was refused: the session belongs to another owner, or was claimed anew since. */
export class SessionFenced extends Error {
  readonly sessionId: string

  constructor(sessionId: string) {
    super(`Session ${sessionId} was claimed by another owner`)
    this.name = 'SessionFenced'
    this.sessionId = sessionId
  }
}

/** Whose objects a call may see, and who is said to have made what it makes. */
export interface Caller {
  tenantId: string
  /** Id of the API key or subject of the token, never the key. */
  keyId: string
  /** The text of a stored key that was sent, which is one of two while a rotation lets the old one pass. See `CallerStanding`. */
  keyVersion?: string
  /** A name for people, as the audit log has it. */
  name: string | null
  scopes: ReadonlySet<Scope>
  /** The only session that the key opens; null: all of the tenant. */
  sessionId: string | null
  /** Whether it administers the server: it sees all tenants, and may name one. */
  isOperator: boolean
  /** When its key or token stops being valid; null: never. */
  expiresAt: number | null
}

/** The tenant that a list shows; undefined: all, for a caller who administers the server and has named none. */
export function listedTenant(caller: Caller, named: string | undefined): string | undefined {
  return caller.isOperator && named === undefined ? undefined : caller.tenantId
}

/** All scopes, as keys of the configuration have them. */
export const allScopes: ReadonlySet<Scope> = new Set(scopes)

/** The caller with an administrator's rights over the whole server. */
export function operator(keyId: string, name: string | null = null): Caller {
  return {
    tenantId: defaultTenantId,
    keyId,
    name,
    scopes: allScopes,
    sessionId: null,
    isOperator: true,
    expiresAt: null,
  }
}

/** The secrets among a session's settings, unreadable without the server's key. */
export type SealedSecrets = Partial<Record<'mcpServers' | 'agentEnv', string>>

/** Times are milliseconds since 1970. */
export interface SessionRecord {
  id: string
  tenantId: string
  createdBy: string
  status: SessionStatus
  title: string | null
  /** Who gave the title; null: there is none. */
  titleSource: TitleSource | null
  metadata: Record<string, unknown>
  tags: string[]
  archived: boolean
  cwd: string
  permissionMode: PermissionMode
  /** The model that was asked for. */
  requestedModel: string | null
  /** The model that Claude Code last said it uses. */
  model: string | null
  appendSystemPrompt: string | null
  maxTurns: number | null
  claudeSessionId: string
  /** Whether Claude Code has been given a prompt in this conversation, so that it has to be resumed. */
  conversationStarted: boolean
  createdAt: number
  lastActivityAt: number
  expiresAt: number
  endedAt: number | null
  /** `incomplete`: some of the conversation is only in Claude Code's own files. */
  transcript: 'complete' | 'incomplete'
  /** As they may be shown: secrets are left out. */
  settings: SessionSettings
  secrets: SealedSecrets
  /** The session whose past it shares, and the turn up to which; null: it began empty. */
  forkedFrom: { sessionId: string; turnId: string | null } | null
  /** The preset that it was made of; null: none. */
  presetName: string | null
  presetVersion: number | null
  /** Parts of the log that no longer count, in order; both ends included. */
  rewound: { from: number; to: number }[]
  /** Permissions that people have granted for the rest of the session: calls, and suggestions of Claude Code. */
  remembered: PermissionSuggestion[]
  /** Where the shell of its process is, after `cd` or in a worktree; null: in `cwd`. */
  workingDirectory: string | null
  /** The directory that was made for the session; null: `cwd` was there before. */
  workspace: Exclude<Workspace, { type: 'directory' }> | null
  /** The settings files that its process last read; null: it has not been started since this is noted. */
  settingsInForce: SettingSource[] | null
  /** The newest state of its directory that other nodes can have; null: the directory stays where it is. */
  snapshot: WorkspaceSnapshot | null
  lastSequence: number
  messageCount: number
}

/** The newest stored state of a directory that a session takes along to other nodes. */
export interface WorkspaceSnapshot {
  /** Names the stored state; null: none has been stored yet. */
  id: string | null
  /** The name of the node whose own copy is at least as new. */
  node: string
  /** When storing it began: later changes may be missing. */
  takenAt: number
  /** How the directory was restored, as long as Claude has not been told; null: there is nothing to tell. */
  restored: WorkspaceRestored | null
}

export type WorkspaceRestored = PayloadOf<'workspace.restored'>

export interface TurnRecord {
  id: string
  sessionId: string
  tenantId: string
  createdBy: string
  status: TurnStatus
  prompt: Prompt
  /** Whether a slash command in the prompt runs and a file mention is followed. */
  commands: boolean
  /** Milliseconds from acceptance until the turn is stopped; 0: none. */
  timeoutMs: number
  response: string | null
  /** Id of the last assistant message. */
  messageId: string | null
  stopReason: StopReason | null
  error: TurnFailure | null
  usage: Usage | null
  costUsd: number | null
  /** The share of each model; null: unknown. */
  modelUsage: ModelUsage[] | null
  createdAt: number
  startedAt: number | null
  endedAt: number | null
  /**
   * Milliseconds from start to end, or from acceptance to end when the turn never started, as no clock that is set
   * can change them; null: not ended, or not measured in one run of the server.
   */
  durationMs: number | null
  firstSequence: number | null
  lastSequence: number | null
  /** The structured output, if the session asks for it; null: none. */
  structuredOutput: unknown
  /** Tool calls that were denied; null while the turn has not ended. */
  permissionDenials: PermissionDenial[] | null
  /** Texts of Claude Code itself; null: none. */
  notice: string | null
  /** Its end in Claude Code's own words; null: an ordinary one. */
  ending: TurnEnding | null
  /** Said when it is read: the conversation was rewound to before it. */
  rewound?: boolean
}

/** A file of a session, without its content. */
export interface AttachmentRecord {
  id: string
  tenantId: string
  sessionId: string
  createdBy: string
  name: string
  /** The media type of the content. */
  mediaType: AttachmentMediaType
  sizeBytes: number
  /** Of the content, hexadecimal. */
  sha256: string
  createdAt: number
}

/** A question of Claude Code to a person, before it is answered. */
export interface PermissionQuestion {
  kind: PermissionKind
  toolName: string
  toolUseId: string | null
  agentId: string | null
  input: Record<string, unknown>
  title: string | null
  description: string | null
  /** As Claude Code gave them: rules, directories, modes. */
  suggestions: PermissionSuggestion[]
  elicitation: PermissionElicitation | null
  /** Kind `hook` only. */
  hook?: HookRequest
  /** Of a hook that is asked again for a call at which a process continues: its place among those of its event. */
  hookIndex?: number
  /** Milliseconds to wait for the answer; left out: as the session says. */
  timeoutMs?: number
}

/** The configuration of a running turn, which can differ from the session's, because changes apply from the next turn. */
export type RunConfiguration = Pick<
  SessionRecord,
  'permissionMode' | 'requestedModel' | 'maxTurns' | 'settings' | 'secrets'
>

/** A person's decision, as it is passed to the process. */
export interface PermissionAnswer {
  allow: boolean
  /** The changed input of the tool; null: unchanged. For an elicitation: the content of the form. */
  input: Record<string, unknown> | null
  /** Permissions beyond this one call. */
  updates: PermissionSuggestion[]
  message: string | null
  /** Of a client tool. */
  result?: ClientToolResult
  /** Of a hook. */
  output?: HookOutput
  /** Whether it was denied because no answer came. */
  unanswered?: true
}

/** The answer of one of the caller's hooks to a tool call. */
export interface HookAnswer {
  /** As in the question. */
  hookIndex: number
  answer: PermissionAnswer
}

export interface PermissionRecord {
  id: string
  tenantId: string
  sessionId: string
  turnId: string | null
  kind: PermissionKind
  toolName: string
  toolUseId: string | null
  request: Omit<PermissionQuestion, 'kind' | 'toolName' | 'toolUseId'>
  status: PermissionStatus
  answer: PermissionAnswer | null
  /** The state of the process that asks, if another process could resume the turn; null when that is over. */
  runsWith: (RunConfiguration & { hookAnswers?: readonly HookAnswer[] }) | null
  requestedAt: number
  expiresAt: number
  decidedAt: number | null
  decidedBy: string | null
  message: string | null
  /** The input that the tool ran with instead of `request.input`; null: unchanged. */
  updatedInput: Record<string, unknown> | null
  /** The changes of the answer for the rest of the session. */
  remembered: PermissionSuggestion[]
}

/** A background task: it may outlive its turn, but not the process. */
export interface TaskRecord {
  /** As Claude Code has it; told apart by session. */
  id: string
  tenantId: string
  sessionId: string
  /** The turn that started it. */
  turnId: string | null
  type: string
  description: string
  toolUseId: string | null
  agent: string | null
  status: TaskStatus
  summary: string | null
  startedAt: number
  endedAt: number | null
}

/** The payload of a `message` event. */
export type MessagePayload = {
  id: string
  source: 'user' | 'sdk'
  message: Record<string, unknown>
}

/** The fields of an event beyond the envelope. A failure is stored without advice, which is added when it is read. */
export type PayloadOf<T extends EventType> = T extends 'message'
  ? MessagePayload
  : StoredFields<Omit<SessionEvents[T], 'sessionId' | 'sequence' | 'timestamp' | 'turnId'>>
type StoredFields<Fields> = { [K in keyof Fields]: K extends 'error' ? TurnFailure : Fields[K] }

/** An event before it has a place in the log. */
export type NewEvent = {
  [T in EventType]: { type: T; turnId: string | null; payload: PayloadOf<T> }
}[EventType]

/** A new event as the log hands it to the store. */
export type LoggedEvent = NewEvent & {
  /** Of a message: see `MessageText.summary`. Left out: the message is stored without its text. */
  summary?: string
  /** Whether the message has large parts that repeat from turn to turn. */
  repeats?: boolean
}

/** One entry of a session's log. */
export type EventRecord = NewEvent & {
  sessionId: string
  sequence: number
  /** Its place among the events of all sessions, in the order of commits; absent: the feed does not have it. */
  position?: number
  at: number
  /** Said of messages when they are listed: the conversation was rewound to before it. */
  rewound?: boolean
  /** Of a message that was read from the store: its JSON as it is stored. Absent: it has to be made of the payload. */
  text?: MessageText
}

/** A message as text, to be passed on without parsing. */
export interface MessageText {
  /** The JSON of the payload's `message`, on one line. */
  content: string
  /** The other fields of a listed message, except its place in the log: members of a JSON object, without braces. */
  summary: string
}
