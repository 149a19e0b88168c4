import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer, FailedAnswer, SpokenAnswer } from './answer.ts'
import { type FrameContext, toFrames, toMessage } from './message-frames.ts'

export interface WriteOptions extends FrameContext {
  /** Whether to send events as they come, or one JSON object at the end. */
  stream: boolean
  /** Ends all waiting. */
  signal: AbortSignal
}

/** Sends an answer; settles when it is sent, broken off as scripted, or the client has disconnected. Never rejects. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  options: WriteOptions,
): Promise<void> {
  if ('error' in answer) return writeError(response, answer)
  try {
    if (answer.holdAfterFragments === undefined) await hold(answer, options.signal)
    await (options.stream ? writeStream : writeWhole)(response, answer, options)
  } catch (error) {
    if (!options.signal.aborted) response.destroy(error instanceof Error ? error : undefined)
  }
}

/** Sends an error of the API's shape. */
export function writeError(response: ServerResponse, { error }: FailedAnswer): void {
  if (error.retryAfter !== undefined) response.setHeader('retry-after', String(error.retryAfter))
  if (error.shouldRetry !== undefined) response.setHeader('x-should-retry', String(error.shouldRetry))
  writeJson(response, error.status, { type: 'error', error: { type: error.type, message: error.message } })
}

/** Sends one JSON object. */
export function writeJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function writeWhole(
  response: ServerResponse,
  answer: SpokenAnswer,
  options: WriteOptions,
): Promise<void> {
  if (answer.holdAfterFragments !== undefined) await hold(answer, options.signal)
  if (answer.breakAfterFragments !== undefined) response.destroy()
  else writeJson(response, 200, toMessage(answer, options))
}

async function writeStream(
  response: ServerResponse,
  answer: SpokenAnswer,
  options: WriteOptions,
): Promise<void> {
  const { signal } = options
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  let fragments = 0
  for (const { fragment, ...frame } of toFrames(answer, options)) {
    const isDue = fragment === true || frame.type === 'message_delta'
    if (isDue && answer.holdAfterFragments === fragments) await hold(answer, signal)
    if (isDue && answer.breakAfterFragments !== undefined && fragments >= answer.breakAfterFragments) {
      await flush(response)
      response.destroy()
      return
    }
    if (isDue && answer.errorAfterFragments === fragments) {
      const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
      response.end(`event: error\ndata: ${JSON.stringify(error)}\n\n`)
      return
    }
    if (fragment && fragments++ > 0 && answer.delayMs) await wait(answer.delayMs, undefined, { signal })
    signal.throwIfAborted()
    if (!response.write(`event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`))
      await once(response, 'drain', { signal })
  }
  response.end()
}

async function hold({ holdUntil }: SpokenAnswer, signal: AbortSignal): Promise<void> {
  if (!holdUntil) return
  const left = Promise.withResolvers<void>()
  const leave = () => left.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    if (signal.aborted) leave()
    // A test may reject its promise to end the hold; that is not a fault of the stand-in.
    await Promise.race([holdUntil.catch(() => undefined), left.promise])
  } finally {
    signal.removeEventListener('abort', leave)
    left.resolve()
  }
}

/** Flushes earlier writes before the socket is destroyed, so that the client gets them. */
function flush(response: ServerResponse): Promise<void> {
  return new Promise(resolve => response.write('', () => resolve()))
}
