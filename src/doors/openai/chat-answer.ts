import type { Call, Context } from './asked.ts'
import { type Begun, begin } from './begin.ts'
import { type ChatRequest, readChatRequest } from './chat-request.ts'
import { markHistory } from './find-session.ts'
import { followAnswer, isData, toStream } from './follow-answer.ts'
import { encodePlace } from './ids.ts'
import { toSeconds } from './models.ts'
import type { Ending, Piece } from './pieces.ts'

const finishReasons: Partial<Record<Ending['status'], string>> = { completed: 'stop', calls: 'tool_calls' }

export async function createChatCompletion(
  context: Context,
  body: unknown,
  headers: Headers,
): Promise<Response> {
  const asked = readChatRequest(body, headers)
  const begun = await begin(context, asked, { isBackground: false, field: 'messages' })
  const { isStream } = asked
  const pieces = followAnswer(context, begun, { isStream, isData: isData(begun.stored) })
  const base = {
    id: encodePlace('chatcmpl-', begun.place),
    created: toSeconds(begun.turn.createdAt),
    model: asked.model,
    system_fingerprint: null,
  }
  const sent = { 'x-session-id': begun.place.sessionId }
  const answer = new ChatAnswer()
  if (isStream) {
    const frames = streamAnswer(context, asked, begun, pieces, answer, base)
    return toStream(context, frames, sent, ({ body: error }) => toFrame({ error }))
  }
  let ending: Ending | undefined
  for await (const piece of pieces) ending = answer.add(piece).ending ?? ending
  if (ending?.problem) throw ending.problem
  await mark(context, asked, begun, answer, ending)
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
  context: Context,
  asked: ChatRequest,
  begun: Begun,
  pieces: AsyncGenerator<Piece, void>,
  answer: ChatAnswer,
  base: object,
): AsyncGenerator<string, void> {
  const { includesUsage } = asked
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
    // Before the end, so that the next request finds the session.
    await mark(context, asked, begun, answer, ending)
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

async function mark(
  context: Context,
  asked: ChatRequest,
  { isAnonymous, place }: Begun,
  { text }: ChatAnswer,
  ending: Ending | undefined,
): Promise<void> {
  if (!isAnonymous || ending?.status === 'calls') return
  await markHistory(context, asked, place.sessionId, text).catch(context.logFault)
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
