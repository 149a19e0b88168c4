import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Answer, apiError } from './answer.ts'
import { writeAnswer, writeError, writeJson } from './answer-writer.ts'
import { estimateTokens } from './message-frames.ts'
import { createRequestLog, type ModelRequest } from './model-request.ts'
import { type Prompt, parsePrompt } from './prompt.ts'
import { readBody } from './request-body.ts'
import { createScripts, type ScriptAnswer, type ScriptMatch } from './scripts.ts'
import { answerSideRequest } from './side-request.ts'
import { answerOfTour } from './tour.ts'

export interface StandInModel {
  /** `http://127.0.0.1:PORT`, to be used as ANTHROPIC_BASE_URL. */
  readonly url: string
  /** The last 1000 requests of Claude Code, oldest first; bodies only with `record`. */
  readonly requests: readonly ModelRequest[]
  /**
   * Answers conversations whose latest prompt matches, with precedence over the built-in tour. The first match counts.
   * Returns a function that removes the script.
   */
  script(match: ScriptMatch, answer: ScriptAnswer): () => void
  /** Replaces the built-in summary of the conversation (`/compact`); returns a function that undoes this. */
  scriptSummary(answer: ScriptAnswer): () => void
  /** Ends all connections and waits; idempotent. */
  close(): Promise<void>
}

export interface StandInModelOptions {
  /** Left out: one that is free. */
  port?: number
  /** Keeps the whole body of each request, for tests that look into it. */
  record?: boolean
  /** Reports the earlier conversation as read from the prompt cache, as the API does; Claude Code then suggests prompts. */
  reportsCache?: boolean
}

/**
 * Opens the stand-in for the model's API: a server on the loopback address that speaks the Messages API well enough
 * for the real Claude Code. Rejects when the port is taken.
 *
 * @example
 * const model = await openStandInModel()
 * model.script('hello', text('Hello yourself'))
 */
export async function openStandInModel(options: StandInModelOptions = {}): Promise<StandInModel> {
  const log = createRequestLog(options.record ?? false)
  const scripts = createScripts()
  const summaries = createScripts()
  const server = createServer((request, response) => void serve(request, response))
  // Claude Code keeps idle connections for a long time; closing one just when it is reused would look like an error.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The stand-in has no port')

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = log.add(request)
    const left = new AbortController()
    response.once('close', () => {
      entry.outcome = response.writableFinished ? 'answered' : 'broken'
      left.abort(new Error('The client has left'))
    })
    try {
      const route = `${request.method} ${entry.path}`
      if (route === 'HEAD /api/hello') response.writeHead(200).end()
      else if (route === 'POST /v1/messages/count_tokens') await countTokens(request, response, entry)
      else if (route === 'POST /v1/messages') await answerMessages(request, response, entry, left.signal)
      else writeError(response, apiError(404))
    } catch (error) {
      // The status is not 500, because Claude Code would retry, and a broken script would look like a slow test.
      writeError(response, apiError(400, { message: `The stand-in failed: ${error}` }))
    } finally {
      entry.status = response.headersSent ? response.statusCode : undefined
    }
  }

  async function countTokens(request: IncomingMessage, response: ServerResponse, entry: ModelRequest) {
    const { body, size, tooLarge } = await readBody(request)
    log.describe(entry, 'count', body)
    if (body === undefined) writeError(response, apiError(tooLarge ? 413 : 400))
    else writeJson(response, 200, { input_tokens: estimateTokens(size) })
  }

  async function answerMessages(
    request: IncomingMessage,
    response: ServerResponse,
    entry: ModelRequest,
    signal: AbortSignal,
  ) {
    const { body, size, tooLarge } = await readBody(request)
    if (body === undefined) return writeError(response, apiError(tooLarge ? 413 : 400))
    const prompt = parsePrompt(body, signal)
    const summary = prompt.wantsSummary ? await summaries.find(prompt) : undefined
    const side = summary ?? answerSideRequest(body, prompt)
    log.describe(entry, side ? 'side' : 'prompt', body, prompt)
    const spoken = side ?? (await answerPrompt(prompt, entry))
    const answer = options.reportsCache && prompt.history.length > 0 ? withCache(spoken, size) : spoken
    const stream = (body as { stream?: unknown }).stream === true
    const inputTokens = estimateTokens(size)
    await writeAnswer(response, answer, { stream, model: prompt.model, inputTokens, signal })
  }

  async function answerPrompt(prompt: Prompt, entry: ModelRequest): Promise<Answer> {
    const scripted = await scripts.find(prompt)
    if (scripted) {
      entry.answeredBy = 'script'
      return scripted
    }
    const { name, answer } = answerOfTour(prompt)
    entry.answeredBy = name
    return answer
  }

  let closing: Promise<void> | undefined
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: log.entries,
    script: scripts.add,
    scriptSummary: answer => summaries.add(() => true, answer),
    close() {
      closing ??= new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closing
    },
  }
}

/** Nine tenths of the request come from the cache, unless the answer says otherwise. */
function withCache(answer: Answer, size: number): Answer {
  if ('error' in answer || answer.usage) return answer
  const tokens = estimateTokens(size)
  const inputTokens = Math.ceil(tokens / 10)
  return { ...answer, usage: { inputTokens, cacheReadTokens: tokens - inputTokens } }
}
