import { ApiError, type Session } from '../../client/index.ts'
import { hasLeft } from '../../contract/doors.ts'
import { toByteStream } from '../../lib/byte-stream.ts'
import { readAnswer } from './answer-reader.ts'
import type { CommonRequest, Context } from './common-request.ts'
import { markHistory } from './find-session.ts'
import type { Ending, Piece } from './pieces.ts'
import { asProblem, Problem, toResponse } from './problem.ts'
import type { StartedTurn } from './start-turn.ts'

interface Options {
  isStream: boolean
  /** Returns the answer as the client has it. */
  textOf(): string
}

/** How long the interrupt of an abandoned turn may take. */
const interruptMs = 5_000

/** Follows the answer of a turn. A client that leaves interrupts the turn, unless it runs in the background. */
export async function* followAnswer(
  context: Context,
  request: CommonRequest,
  started: StartedTurn,
  { isStream, textOf }: Options,
): AsyncGenerator<Piece, void> {
  const { signal } = context
  const { session, cursor, stored, from, requests } = started
  const options = { includeDeltas: isStream, isData: isData(stored), from, requests, signal }
  let isOver = false
  try {
    for await (const piece of readAnswer(session, cursor, options)) {
      if (piece.type === 'over') {
        isOver = true
        // Before the client has the end, so that its next request finds the session.
        await markEnd(context, request, started, piece.ending, textOf())
      }
      yield piece
    }
  } finally {
    // A reader that stops without a signal has left as well; a server that shuts down ends the turn by itself.
    if (!isOver && !cursor.isBackground && (!signal.aborted || hasLeft(signal))) {
      await session.interrupt({ turnId: cursor.turnId }, { timeoutMs: interruptMs }).catch(() => {})
    }
  }
}

/** Marks a session that is found by its conversation. */
async function markEnd(
  context: Context,
  request: CommonRequest,
  { isAnonymous, cursor }: StartedTurn,
  { status }: Ending,
  text: string,
): Promise<void> {
  if (!isAnonymous || (status !== 'completed' && status !== 'incomplete')) return
  await markHistory(context, request, cursor.sessionId, text).catch(context.logFault)
}

/** Whether the answers of a session are data: its format may come from a preset. */
export function isData({ config }: Session): boolean {
  return config.outputFormat !== undefined
}

/** Sends frames as they come. @param onFault makes the last frame of a stream that cannot continue */
export function toStream(
  { logFault }: Context,
  frames: AsyncGenerator<string, void>,
  headers: Record<string, string>,
  onFault: (problem: Problem) => string,
): Response {
  const body = toByteStream(frames, error => onFault(toVisible(error, logFault)))
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
