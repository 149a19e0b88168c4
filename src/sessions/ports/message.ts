import type { StoredMessage } from '../../contract/messages.ts'

/** A content block of a message. */
export type MessageBlock =
  | PlainBlock
  | { type: 'thinking'; text: string }
  | { type: 'toolCall'; id: string; name: string; input: unknown }
  | { type: 'toolResult'; toolCallId: string; blocks: PlainBlock[]; isError: boolean }

/** A block that also the result of a tool can have. */
export type PlainBlock =
  | { type: 'text'; text: string }
  | { type: 'file'; kind: 'image' | 'document'; title: string | null; source: Record<string, unknown> }
  | { type: 'other'; value: Record<string, unknown> }

/**
 * The role of a message in a conversation. `start` and `end` enclose the work on one prompt, `lost` is the server's own
 * message of a turn that a crash has ended.
 */
export type MessageKind = 'start' | 'assistant' | 'user' | 'compaction' | 'end' | 'lost' | 'other'

/** A message of a conversation, as far as its meaning matters to the log and its readers. */
export interface AgentMessage {
  /** As Claude Code gave it; this is what is stored and shown. */
  readonly content: Record<string, unknown>
  /** Claude Code's own id of it, a random one where it gave none. */
  readonly id: string
  readonly kind: MessageKind
  /** Claude Code's own words for the kind, as callers are told them. */
  readonly names: Pick<StoredMessage, 'type' | 'subtype'>
  /** Undefined: it does not say. */
  readonly claudeSessionId: string | undefined
  readonly isOfSubagent: boolean
  /** Whether the model or a command said it; Claude Code writes its errors as assistant messages too. */
  readonly isOfClaude: boolean
  /** The model's own id; Claude Code makes a message of each block that the model sends under one id. */
  readonly modelMessageId: string | undefined
  /** The text of an answer; empty where Claude Code has written it itself. */
  readonly text: string
  readonly blocks: readonly MessageBlock[]
  /**
   * Whether Claude Code wrote it as if a user had sent it, such as the feedback of a hook or the summary of a
   * compacted conversation. Results of tools and the tasks of subagents are not among them.
   */
  readonly isSyntheticPrompt: boolean
  /** How many tokens the conversation had before and after a compaction; null: not known. */
  readonly compaction: { tokensBefore: number | null; tokensAfter: number | null } | undefined
}

/** Knows the shapes of messages: of those that come from a process, and of those that are stored. */
export interface MessageReader {
  read(content: Record<string, unknown>): AgentMessage
}
