import { readChatRequest } from './chat-request.ts'
import type { Call, Context } from './common-request.ts'
import { followAnswer, toStream } from './follow-answer.ts'
import { encodeCursor } from './ids.ts'
import { modelOf, toSeconds, withAgent } from './models.ts'
import type { Ending, Piece } from './pieces.ts'
import { startTurn } from './start-turn.ts'

const finishReasons: Partial<Record<Ending['status'], string>> = { completed: 'stop', calls: 'tool_calls' }

export async function createChatCompletion(
  context: Context,
  body: unknown,
  headers: Headers,
): Promise<Response> {
  const request = await withAgent(context, readChatRequest(body, headers))
  const started = await startTurn(context, request, { isBackground: false, field: 'messages' })
  const { isStream, includesUsage } = request
  const answer = new ChatAnswer()
  const pieces = followAnswer(context, request, started, { isStream, textOf: () => answer.text })
  const base = {
    id: encodeCursor('chatcmpl-', started.cursor),
    created: toSeconds(started.turn.createdAt),
    model: modelOf(started.stored),
    system_fingerprint: null,
  }
  const sent = { 'x-session-id': started.cursor.sessionId }
  if (isStream) {
    const frames = streamAnswer(pieces, answer, base, includesUsage)
    return toStream(context, frames, sent, ({ body: error }) => toFrame({ error }))
  }
  let ending: Ending | undefined
  for await (const piece of pieces) ending = answer.add(piece).ending ?? ending
  if (ending?.problem) throw ending.problem
  const message = {
    role: 'assistant',
    content: answer.text === '' ? null : answer.text,
    refusal: null,
    ...(answer.reasoning !== '' && { reasoning_content: answer.reasoning }),
    ...(answer.calls.length > 0 && { tool_calls: answer.calls.map(toToolCall) }),
  }
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(ending) }
  const completion = { ...base, object: 'chat.completion', choices: [choice], usage: toUsage(ending) }
  return Response.json(completion, { headers: sent })
}

async function* streamAnswer(
  pieces: AsyncGenerator<Piece, void>,
  answer: ChatAnswer,
  base: object,
  includesUsage: boolean,
): AsyncGenerator<string, void> {
  const toChunk = (delta: object, finish: string | null = null) =>
    toFrame({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includesUsage && { usage: null }),
    })
  yield toChunk({ role: 'assistant', content: '' })
  for await (const piece of pieces) {
    const { delta, ending } = answer.add(piece)
    if (delta) yield toChunk(delta)
    if (!ending) continue
    if (ending.problem) throw ending.problem
    yield toChunk({}, finishReason(ending))
    if (includesUsage) {
      yield toFrame({ ...base, object: 'chat.completion.chunk', choices: [], usage: toUsage(ending) })
    }
    yield 'data: [DONE]\n\n'
  }
}

/** The message as far as the client has it. */
class ChatAnswer {
  text = ''
  reasoning = ''
  readonly calls: Call[] = []

  add(piece: Piece): { delta?: object; ending?: Ending } {
    switch (piece.type) {
      case 'begin':
        // The texts of several messages are paragraphs of one.
        if (piece.kind === 'text' && this.text !== '') return this.#grow('text', '\n\n')
        if (piece.kind === 'reasoning' && this.reasoning !== '') return this.#grow('reasoning', '\n\n')
        return {}
      case 'delta':
        return this.#grow(piece.kind, piece.text)
      case 'call': {
        const index = this.calls.push(piece.call) - 1
        return { delta: { tool_calls: [{ index, ...toToolCall(piece.call) }] } }
      }
      case 'over':
        return { ending: piece.ending }
      case 'end':
        return {}
    }
  }

  #grow(kind: 'text' | 'reasoning', text: string): { delta: object } {
    this[kind] += text
    return { delta: kind === 'text' ? { content: text } : { reasoning_content: text } }
  }
}

function finishReason(ending: Ending | undefined): string {
  if (ending?.status === 'incomplete') return ending.reason === 'content_filter' ? 'content_filter' : 'length'
  return finishReasons[ending?.status ?? 'completed'] ?? 'stop'
}

function toToolCall({ id, name, arguments: input }: Call) {
  return { id, type: 'function', function: { name, arguments: input } }
}

function toUsage(ending: Ending | undefined) {
  const { input, cached, output } = ending?.usage ?? { input: 0, cached: 0, output: 0 }
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  }
}

function toFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
