/** The version of the protocol. */
export const protocolVersion = '1.0'

/** The key of this server's own fields in metadata, and the prefix of its custom events. */
export const ownKey = 'claude-code'

type Json = Record<string, unknown>

export type PartSource =
  | { type: 'data'; value: string; mimeType: string }
  | { type: 'url'; value: string; mimeType?: string }
  | { type: 'file'; value: string; mimeType?: string; provider?: string }

export type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio' | 'video' | 'document'; source: PartSource; metadata?: unknown }

export type Content = string | ContentPart[]

export interface ToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

/** The fields of messages that the door reads or writes. */
export interface Message {
  id: string
  role: string
  content?: Content | Json | undefined
  toolCalls?: ToolCall[] | undefined
  toolCallId?: string | undefined
  error?: string | undefined
  subagentRunId?: string | undefined
}

export interface Tool {
  name: string
  description?: string | undefined
  parameters?: Json | undefined
  metadata?: Json | undefined
}

export interface ResumeEntry {
  interruptId: string
  status: 'resolved' | 'cancelled'
  payload?: unknown
}

export interface Interrupt {
  id: string
  reason: string
  message: string
  toolCallId?: string
  responseSchema?: Json
  expiresAt: string
  subagentRunId?: string
  metadata: Json
}

export interface TokenUsage {
  model: string
  inputTokens: number
  outputTokens: number
  totalTokens: number
  cachedInputTokens: number
  cacheWriteInputTokens: number
}

export type Outcome =
  | { type: 'success'; pendingToolCallIds?: string[] }
  | { type: 'interrupt'; interrupts: Interrupt[] }
  | { type: 'cancelled' }

interface Attributed {
  subagentRunId?: string
  metadata?: Json
}

export type AgUiEvent =
  | { type: 'RUN_STARTED'; threadId: string; runId: string; protocolVersion: string; parentRunId?: string }
  | {
      type: 'RUN_FINISHED'
      threadId: string
      runId: string
      /** Absent: a turn that was cut short, in the form before 1.0. */
      outcome?: Outcome
      result?: unknown
      usage?: TokenUsage[]
      metadata?: Json
    }
  | { type: 'RUN_ERROR'; message: string; code: string; usage?: TokenUsage[]; metadata?: Json }
  | { type: 'MESSAGES_SNAPSHOT'; messages: Message[] }
  | { type: 'CUSTOM'; name: string; value: unknown }
  | { type: 'STEP_STARTED' | 'STEP_FINISHED'; stepName: string }
  | ({ type: 'TEXT_MESSAGE_START'; messageId: string; role: 'assistant' } & Attributed)
  | ({ type: 'TEXT_MESSAGE_CONTENT'; messageId: string; delta: string } & Attributed)
  | ({ type: 'TEXT_MESSAGE_END'; messageId: string } & Attributed)
  | ({ type: 'REASONING_START' | 'REASONING_END' | 'REASONING_MESSAGE_END'; messageId: string } & Attributed)
  | ({ type: 'REASONING_MESSAGE_START'; messageId: string; role: 'reasoning' } & Attributed)
  | ({ type: 'REASONING_MESSAGE_CONTENT'; messageId: string; delta: string } & Attributed)
  | ({
      type: 'TOOL_CALL_START'
      toolCallId: string
      toolCallName: string
      parentMessageId: string
    } & Attributed)
  | ({ type: 'TOOL_CALL_ARGS'; toolCallId: string; delta: string } & Attributed)
  | ({ type: 'TOOL_CALL_END'; toolCallId: string } & Attributed)
  | ({
      type: 'TOOL_CALL_RESULT'
      messageId: string
      toolCallId: string
      content: Content
      role: 'tool'
    } & Attributed)
  | {
      type: 'SUBAGENT_STARTED'
      subagentRunId: string
      name: string
      description?: string
      parentSubagentRunId?: string
      parentToolCallId: string
      parentMessageId: string
    }
  | { type: 'SUBAGENT_FINISHED'; subagentRunId: string; outcome: SubagentOutcome }
  | { type: 'SUBAGENT_ERROR'; subagentRunId: string; message: string }

export type SubagentOutcome = { type: 'success' } | { type: 'suspended'; interruptIds: string[] }
