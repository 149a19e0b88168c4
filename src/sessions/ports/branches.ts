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

/** What a new session has of the log of another one: its messages, numbered anew. */
export interface SharedPast {
  sessionId: string
  /** Only messages before this sequence; null: all. */
  before: number | null
  /** What has been rewound is no part of it. */
  without: readonly SequenceRange[]
}

export interface BranchStore {
  /** The prompts that turns began with, in the order in which they were sent; also those of a shared past. */
  listPrompts(tenantId: string, sessionId: string): Promise<PromptMark[]>
  /** The turns that events `conversation.lost` have named. */
  listLostTurns(tenantId: string, sessionId: string): Promise<string[]>
}
