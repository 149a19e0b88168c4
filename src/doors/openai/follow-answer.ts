import { ApiError, type Session } from '../../client/index.ts'
import { readAnswer } from './answer-reader.ts'
import type { Context } from './asked.ts'
import type { Begun } from './begin.ts'
import type { Piece } from './pieces.ts'
import { asProblem, Problem, toResponse } from './problem.ts'

interface Options {
  isStream: boolean
  isData: boolean
}

/** How long the interrupt of an abandoned turn may take. */
const interruptMs = 5_000

/** Follows the answer of a turn. A client that leaves interrupts the turn, unless it runs in the background. */
export async function* followAnswer(
  { signal }: Context,
  { session, place, from, requests }: Begun,
  { isStream, isData }: Options,
): AsyncGenerator<Piece, void> {
  let isOver = false
  try {
    const options = { includeDeltas: isStream, isData, from, requests, signal }
    for await (const piece of readAnswer(session, place, options)) {
      if (piece.type === 'over') isOver = true
      yield piece
    }
  } finally {
    if (!isOver && !place.isBackground && hasLeft(signal)) {
      // A server that shuts down ends the turn by itself.
      await session.interrupt({ turnId: place.turnId }, { timeoutMs: interruptMs }).catch(() => {})
    }
  }
}

/** Whether the answers of a session are data: its format may come from a preset. */
export function isData({ config }: Session): boolean {
  return config.outputFormat !== undefined
}

/** A reader that stops without a signal has left as well. */
function hasLeft({ aborted, reason }: AbortSignal): boolean {
  return !aborted || (reason as Error | undefined)?.name === 'ClientGoneError'
}

/** Sends frames as they come. @param onFault makes the last frame of a stream that cannot continue */
export function toStream(
  { logFault }: Context,
  frames: AsyncGenerator<string, void>,
  headers: Record<string, string>,
  onFault: (problem: Problem) => string,
): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await frames.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      } catch (error) {
        controller.enqueue(encoder.encode(onFault(toVisible(error, logFault))))
        controller.close()
      }
    },
    async cancel() {
      await frames.return()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8', ...headers } })
}

function toVisible(error: unknown, logFault: Context['logFault']): Problem {
  const problem = asProblem(error)
  if (problem) return problem
  logFault(error)
  return new Problem(500, { message: 'Unexpected error' })
}

/** Answers errors that are for the client. */
export async function withProblems(
  answer: () => Promise<Response>,
  rename: readonly [RegExp, string][],
): Promise<Response> {
  try {
    return await answer()
  } catch (error) {
    const problem = asProblem(error)
    if (!problem) throw error
    // The API has names of its own for the fields.
    const param = error instanceof ApiError ? problem.body.param : null
    const [pattern, name] = rename.find(([pattern]) => param !== null && pattern.test(param)) ?? []
    if (param === null || pattern === undefined || name === undefined) return toResponse(problem)
    const renamed = param.replace(pattern, name)
    const message = problem.message.replace(param, renamed)
    const { mayRepeat, retryAfterMs } = problem
    const retry = { ...(mayRepeat !== undefined && { mayRepeat }), retryAfterMs }
    return toResponse(new Problem(problem.status, { ...problem.body, param: renamed, message }, retry))
  }
}
