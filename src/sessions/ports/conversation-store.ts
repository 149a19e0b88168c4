import type { ModelUsage, Usage } from '../../contract/turns.ts'
import type { SessionFence } from './claims.ts'
import type { FileState, SnapshotRecord } from './workspace.ts'

/** Names one transcript of Claude Code: a conversation's own, or with `subpath` one that belongs to it. */
export interface TranscriptKey {
  tenantId: string
  claudeSessionId: string
  subpath: string | null
}

/** One line of a transcript, as Claude Code wrote it. */
export interface TranscriptEntry {
  type: string
  uuid?: string
  [field: string]: unknown
}

/** The transcripts from which Claude Code resumes a conversation if its own files are gone. */
export interface TranscriptStore {
  /**
   * In order; entries with a `uuid` that is there already are left out.
   *
   * @param fence of the session that the conversation belongs to, checked in the same transaction
   * @throws SessionFenced where it does not hold; nothing is appended
   */
  appendTranscript(key: TranscriptKey, entries: TranscriptEntry[], fence?: SessionFence): Promise<void>
  /** Everything that was appended is gone, and this is there; unless it is not `count` entries any more. */
  replaceTranscript(key: TranscriptKey, entries: TranscriptEntry[], count: number): Promise<void>
  /** null when nothing was ever appended. Rows that are no entries are left out. */
  loadTranscript(key: TranscriptKey): Promise<TranscriptEntry[] | null>
  listTranscriptSubpaths(key: Omit<TranscriptKey, 'subpath'>): Promise<string[]>
  /** All that was ever appended for the conversation; for one that did not come to be. */
  removeTranscripts(key: Omit<TranscriptKey, 'subpath'>): Promise<void>
}

/** A prompt in a session's log: which turn it began, and where it stands. */
export interface PromptMark {
  turnId: string
  sequence: number
}

/** Both ends included. */
export interface SequenceRange {
  from: number
  to: number
}

/** The messages that a new session shares with the log of another one, numbered anew. */
export interface SharedPast {
  sessionId: string
  /** Only messages before this sequence; null: all. */
  before: number | null
  /** Rewound ranges are left out. */
  without: readonly SequenceRange[]
}

export interface BranchStore {
  /** The prompts that turns began with, in the order in which they were sent; also those of a shared past. */
  listPrompts(tenantId: string, sessionId: string): Promise<PromptMark[]>
  /** The turns that events `conversation.lost` have named. */
  listLostTurns(tenantId: string, sessionId: string): Promise<string[]>
}

/** A file before a turn changed it, and after. */
export interface CheckpointRecord {
  tenantId: string
  sessionId: string
  turnId: string
  /** Absolute. */
  path: string
  before: FileState
  /** null: no tool of the turn that began has ended. */
  after: FileState | null
  /** Whether it was something else than the turn's last tool had left when the turn's next one began. */
  disturbed: boolean
  takenAt: number
}

/** Which kept files and snapshots there are; the contents are beside the store. */
export interface FileHistoryStore {
  /** The first one of a turn stands; outside of turns the session's first. @returns whether it was stored */
  saveSnapshot(snapshot: SnapshotRecord): Promise<boolean>
  /** Whether the turn has one, or, for null, the session. */
  hasSnapshot(tenantId: string, sessionId: string, turnId: string | null): Promise<boolean>
  /** The first one of the turn or, where it has none, after it; null: the session's first. */
  findSnapshot(
    tenantId: string,
    sessionId: string,
    sinceTurnId: string | null,
  ): Promise<SnapshotRecord | undefined>
  /** Stored as it is now, whether it was there before or not. */
  saveCheckpoint(checkpoint: CheckpointRecord): Promise<void>
  findCheckpoint(
    tenantId: string,
    sessionId: string,
    turnId: string,
    path: string,
  ): Promise<CheckpointRecord | undefined>
  /** In the order of the turns. @param sinceTurnId that turn and later ones; null: all */
  listCheckpoints(
    tenantId: string,
    sessionId: string,
    sinceTurnId: string | null,
  ): Promise<CheckpointRecord[]>
  /** Of that turn and later ones. */
  removeCheckpoints(tenantId: string, sessionId: string, sinceTurnId: string, paths: string[]): Promise<void>
  /** Sessions that ended before a time and of which something is kept, over all tenants. */
  listFileHistories(endedBefore: number, limit: number): Promise<{ tenantId: string; sessionId: string }[]>
  /** Forgets all that is kept of a session. */
  removeFileHistory(tenantId: string, sessionId: string): Promise<void>
  /** How many sessions work, or have worked, in that very directory, over all tenants. */
  countSessionsIn(directory: string): Promise<{ active: number; total: number }>
}

export interface SpendingReader {
  /**
   * The cost of the session's turns and of its autonomous work, in US dollars. A turn that was at work and of
   * whose cost nothing is known, because its process was lost, counts as much as the dearest one of the session; so
   * does autonomous work, once it has been answered in part.
   */
  sumSpending(tenantId: string, sessionId: string): Promise<number>
}

/** The usage of a piece of work; null: unknown. */
export interface UsageShare {
  usage: Usage | null
  costUsd: number | null
  modelUsage: ModelUsage[] | null
}

/** Something that Claude Code has gone on with by itself between two turns, and what it took. */
export interface AutonomousWork extends UsageShare {
  startedAt: number
  endedAt: number
}

/** The sums over the started turns of a session and its autonomous work. */
export interface UsageSums {
  turns: number
  activeMs: number
  tokens: Usage
  /** Turns, and pieces of autonomous work, of whose tokens nothing is known. */
  withoutTokens: number
  /** The part of autonomous work in these sums. */
  betweenTurns: { times: number; activeMs: number; tokens: Usage; costUsd: number }
  costUsd: number
  /** Turns, and pieces of autonomous work, of whose cost nothing is known, or not all. */
  withoutCost: number
  models: ModelUsage[]
}

export interface UsageReader {
  /** @param now when turns that have not ended are taken to end */
  sumUsage(tenantId: string, sessionId: string, now: number): Promise<UsageSums>
}
