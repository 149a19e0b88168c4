export interface TextBlock {
  type: 'text'
  text: string
}

export interface ImageBlock {
  type: 'image'
  source: { type: 'base64'; media_type: string; data: string }
}

export interface DocumentBlock {
  type: 'document'
  source:
    | { type: 'base64'; media_type: string; data: string }
    | { type: 'text'; media_type: 'text/plain'; data: string }
  title?: string
}

/** Content of a file that the server keeps elsewhere. */
export interface RedactedBlock {
  type: 'redacted'
}

export type ResultBlock = TextBlock | ImageBlock | DocumentBlock
export type PromptBlock = ResultBlock | RedactedBlock

export interface Money {
  amount: string
  currency: 'USD'
}

export interface Usage {
  input_tokens?: number
  output_tokens?: number
  cache_read_input_tokens?: number
  cache_creation?: { ephemeral_5m_input_tokens: number }
  active_seconds?: number
  list_cost: Money
}

export type StopReason =
  | { type: 'end_turn' }
  | { type: 'requires_action'; event_ids: string[] }
  | { type: 'retries_exhausted' }
  | { type: 'budget_reached' }
  | { type: 'refusal' }

export interface SessionErrorDetail {
  type:
    | 'unknown_error'
    | 'model_overloaded_error'
    | 'model_rate_limited_error'
    | 'model_request_failed_error'
    | 'billing_error'
  message: string
  retry_status: { type: 'retrying' | 'exhausted' | 'terminal' }
}

interface Asked {
  evaluated_permission?: 'allow' | 'ask'
  evaluation?: { type: 'always_allow' } | { type: 'always_ask' }
}

type Input = Record<string, unknown>

/** Events of a session that a client has sent. */
export type UserEvent =
  | { type: 'user.message'; id: string; content: PromptBlock[]; processed_at: string | null }
  | { type: 'user.interrupt'; id: string; processed_at: string | null }
  | {
      type: 'user.tool_confirmation'
      id: string
      tool_use_id: string
      result: 'allow' | 'deny'
      deny_message?: string
      processed_at: string | null
    }
  | {
      type: 'user.custom_tool_result'
      id: string
      custom_tool_use_id: string
      content?: ResultBlock[]
      is_error: boolean
      processed_at: string | null
    }
  | {
      type: 'user.tool_result'
      id: string
      tool_use_id: string
      content?: ResultBlock[]
      is_error: boolean
      processed_at: string | null
    }

type ServerEvent =
  | { type: 'agent.message'; content: TextBlock[] }
  | { type: 'agent.thinking' }
  | ({ type: 'agent.tool_use'; name: string; input: Input } & Asked)
  | { type: 'agent.tool_result'; tool_use_id: string; content: ResultBlock[]; is_error: boolean }
  | ({ type: 'agent.mcp_tool_use'; mcp_server_name: string; name: string; input: Input } & Asked)
  | { type: 'agent.mcp_tool_result'; mcp_tool_use_id: string; content: ResultBlock[]; is_error: boolean }
  | { type: 'agent.custom_tool_use'; name: string; input: Input }
  | { type: 'agent.thread_context_compacted' }
  | { type: 'session.status_running' }
  | { type: 'session.status_idle'; stop_reason: StopReason; stop_details: null }
  | { type: 'session.status_terminated' }
  | { type: 'session.deleted' }
  | { type: 'session.error'; error: SessionErrorDetail }
  | { type: 'session.updated'; title?: string | null; metadata?: Record<string, string> }
  | { type: 'session.usage'; usage: Usage }

/** An event as clients get it, in a list or in a stream. */
export type WireEvent = UserEvent | (ServerEvent & { id: string; processed_at: string })

/** Events of one connection, which no list has. */
export type PreviewEvent =
  | { type: 'event_start'; event: { type: 'agent.message' | 'agent.thinking'; id: string } }
  | {
      type: 'event_delta'
      event_id: string
      delta: { type: 'content_delta'; index: number; content: TextBlock }
    }
  | {
      type: 'span.model_request_end'
      id: string
      model_request_start_id: string
      is_error: true
      model_usage: {
        input_tokens: number
        output_tokens: number
        cache_read_input_tokens: number
        cache_creation_input_tokens: number
      }
      processed_at: string
    }

/** Types that this server emits; others can be asked for, and are not found. */
export const eventTypePattern = /^(user|system|agent|session|span|workflow_run)\.[a-z_]+$/
