import type { Session, Turn } from '../../client/index.ts'
import type { ResponseCursor } from './ids.ts'
import { encodeCursor } from './ids.ts'
import { modelOf, toSeconds } from './models.ts'
import type { Ending, Piece } from './pieces.ts'
import type { Problem } from './problem.ts'

export const responsePrefix = 'resp_'
type Json = Record<string, unknown>

interface ResponseFields {
  cursor: ResponseCursor
  session: Session
  turn: Turn
  previousResponseId: string | null
}

/** A response before anything of its output. */
export function toResponseObject({ cursor, session, turn, previousResponseId }: ResponseFields): Json {
  const { config } = session
  const tools = config.clientTools ?? []
  const { outputFormat: format } = config
  return {
    id: encodeCursor(responsePrefix, cursor),
    object: 'response',
    created_at: toSeconds(turn.createdAt),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: config.appendSystemPrompt,
    max_output_tokens: null,
    model: modelOf(session),
    output: [],
    parallel_tool_calls: tools.every(({ readOnly }) => readOnly === true),
    previous_response_id: previousResponseId,
    reasoning: { effort: config.effort ?? null, summary: cursor.showsReasoning ? 'auto' : null },
    store: true,
    temperature: null,
    text: {
      format: format ? { type: 'json_schema', name: 'answer', schema: format.schema } : { type: 'text' },
    },
    tool_choice: 'auto',
    tools: tools.map(({ name, description = null, inputSchema = null }) => ({
      type: 'function',
      name,
      description,
      parameters: inputSchema,
      strict: false,
    })),
    top_p: null,
    truncation: 'disabled',
    usage: null,
    metadata: textsOf(session.metadata),
    background: cursor.isBackground,
  }
}

/** The protocol has texts only. */
function textsOf(metadata: Json): Json {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => typeof value === 'string'))
}

const statusOf: Record<Ending['status'], string> = {
  completed: 'completed',
  calls: 'completed',
  incomplete: 'incomplete',
  failed: 'failed',
  interrupted: 'cancelled',
}

export function withEnding(response: Json, output: readonly Json[], ending: Ending): Json {
  const { status, reason, problem, usage } = ending
  const { input, cached, output: written } = usage ?? { input: 0, cached: 0, output: 0 }
  return {
    ...response,
    output,
    status: statusOf[status],
    error: status === 'failed' && problem ? { code: errorCode(problem), message: problem.message } : null,
    incomplete_details: reason ? { reason } : null,
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: written,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + written,
    },
  }
}

function errorCode({ status, body }: Problem): string {
  if (status === 429) return 'rate_limit_exceeded'
  return status === 400 && body.type !== 'server_error' ? 'invalid_prompt' : 'server_error'
}

/** The items of the output, by their index. Their ids depend on the cursor only. */
export class OutputItems {
  readonly #suffix: string

  constructor({ turnId, after }: ResponseCursor) {
    this.#suffix = `${turnId.replaceAll('-', '')}${after.toString(16)}`
  }

  idOf(kind: 'text' | 'reasoning' | 'call', index: number): string {
    const prefix = { text: 'msg', reasoning: 'rs', call: 'fc' }[kind]
    return `${prefix}_${this.#suffix}_${index}`
  }

  /** @param text undefined: it has just begun */
  toItem(kind: 'text' | 'reasoning', index: number, text?: string, isWhole = true): Json {
    const id = this.idOf(kind, index)
    const status = text === undefined ? 'in_progress' : isWhole ? 'completed' : 'incomplete'
    if (kind === 'reasoning') {
      return { id, type: 'reasoning', summary: text === undefined ? [] : [toSummary(text)], status }
    }
    return {
      id,
      type: 'message',
      role: 'assistant',
      status,
      content: text === undefined ? [] : [toPart(text)],
    }
  }

  toCall({ index, call }: Extract<Piece, { type: 'call' }>, isDone: boolean): Json {
    return {
      id: this.idOf('call', index),
      type: 'function_call',
      call_id: call.id,
      name: call.name,
      arguments: isDone ? call.arguments : '',
      status: isDone ? 'completed' : 'in_progress',
    }
  }
}

export function toPart(text: string): Json {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

export function toSummary(text: string): Json {
  return { type: 'summary_text', text }
}
