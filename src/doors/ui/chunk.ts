type Finish = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'other'

interface ToolFields {
  toolCallId: string
  /** Claude Code runs the tool. Absent: the client answers the call. */
  providerExecuted?: true
  /** The client has no type for the tool. */
  dynamic?: true
}

/** The chunks of a UI message stream that this door sends. */
export type Chunk =
  | { type: 'start'; messageId: string; messageMetadata: MessageMetadata }
  | { type: 'start-step' | 'finish-step' | 'reset-step' }
  | { type: 'text-start' | 'reasoning-start' | 'text-end' | 'reasoning-end'; id: string }
  | { type: 'text-delta' | 'reasoning-delta'; id: string; delta: string }
  | ({ type: 'tool-input-start'; toolName: string } & ToolFields)
  | { type: 'tool-input-delta'; toolCallId: string; inputTextDelta: string }
  | ({ type: 'tool-input-available'; toolName: string; input: unknown } & ToolFields)
  | { type: 'tool-approval-request'; approvalId: string; toolCallId: string; reason?: string }
  | { type: 'tool-approval-response'; approvalId: string; approved: boolean; reason?: string }
  | ({ type: 'tool-output-available'; output: unknown } & ToolFields)
  | ({ type: 'tool-output-error'; errorText: string } & ToolFields)
  | { type: 'tool-output-denied'; toolCallId: string }
  | { type: `data-${string}`; id?: string; data: unknown }
  | { type: 'message-metadata'; messageMetadata: MessageMetadata }
  | { type: 'finish'; finishReason: Finish; messageMetadata: MessageMetadata }
  | { type: 'error'; errorText: string }
  | { type: 'abort'; reason: string }

export type FinishReason = Finish

/** The metadata of an assistant's message. */
export interface MessageMetadata {
  turnId?: string
  sessionId?: string
  /** The event of the session's log after which the message continues, once its requests are answered. */
  sequence?: number
}
