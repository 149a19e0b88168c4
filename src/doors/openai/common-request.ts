import type { ClaudeCodeClient, CreateSessionRequest, PromptBlock } from '../../client/index.ts'

/** The result of a function, for Claude. */
export type Result = string | ({ type: 'text'; text: string } | ResultImage)[]
interface ResultImage {
  type: 'image'
  data: string
  mimeType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
}

export interface Call {
  id: string
  name: string
  /** JSON. */
  arguments: string
}

/** A message of the conversation that the client has sent, in a form that does not depend on the endpoint. */
export type Entry = (
  | { role: 'user'; blocks: PromptBlock[] }
  | { role: 'system'; text: string }
  | { role: 'assistant'; text: string; calls: Call[] }
  | { role: 'tool'; callId: string; result: Result }
) & {
  /** The place in the request, such as `messages[3]`. */
  path: string
}
export type ToolEntry = Extract<Entry, { role: 'tool' }>

/** A function of the client. */
export interface ClientFunction {
  name: string
  description?: string
  inputSchema: Record<string, unknown>
  readOnly: boolean
}

export type OutputFormat = NonNullable<CreateSessionRequest['outputFormat']>
type Effort = NonNullable<CreateSessionRequest['effort']>

/** The agent that the field `model` names. */
export type Agent = { preset: string } | { model: string | undefined }

/** The fields of a request that both endpoints have. */
export interface GivenRequest {
  model: string
  /** Becomes part of the system prompt of a new session. */
  instructions: string | undefined
  /** The name of the field with the instructions, for errors. */
  instructionsField: string
  /** The conversation so far. */
  history: Entry[]
  /** The new messages: a prompt, or results of functions. */
  newest: { prompt: PromptBlock[] } | { results: ToolEntry[] }
  /** Undefined: the request names none. */
  functions: ClientFunction[] | undefined
  format: OutputFormat | undefined
  formatField: string
  effort: Effort | undefined
  user: string | undefined
  metadata: Record<string, unknown> | undefined
  /** The conversation that a header or the field `user` names. */
  sessionName: string | undefined
  permissionPrompts: 'ask' | 'deny' | undefined
  idempotencyKey: string | undefined
  showsReasoning: boolean
}

export interface CommonRequest extends GivenRequest {
  agent: Agent
}

/** The parts of a request that all handlers need. */
export interface Context {
  client: ClaudeCodeClient
  caller: { tenantId: string; keyId: string }
  /** Aborts when the client has left. */
  signal: AbortSignal
  logFault(error: unknown): void
}
