import {
  ApiError,
  type ClaudeCodeClient,
  type PermissionRequest,
  type SessionClient,
} from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { invalidField } from '../../contract/errors.ts'
import { deriveId } from '../../lib/derived-id.ts'
import { Answers } from './answers.ts'
import { followTurn } from './follow-turn.ts'
import type { RunInput } from './input.ts'
import { Narrator } from './narrator.ts'
import { type NewMessage, newMessages, toPrompt } from './prompt.ts'
import type { AgUiEvent } from './protocol.ts'
import { beginRun, endOf, failRun, pauseRun, tellIgnored } from './run-events.ts'
import { createThread, findThread, sessionOf, type Thread, updateThread } from './thread.ts'

/** A run that has been accepted. */
export interface Run {
  input: RunInput
  session: SessionClient
  /** The turns that it tells, in their order. */
  turnIds: readonly string[]
  /** Those that it has begun or continued. */
  ownTurnIds: readonly string[]
  answers: Answers
  narrator: Narrator
}

/**
 * Accepts a run: answers the requests that it answers, and submits its prompt.
 *
 * @throws if the run is refused; nothing has been told yet
 */
export async function acceptRun(
  client: ClaudeCodeClient,
  exchange: DoorExchange,
  input: RunInput,
): Promise<Run> {
  const session = sessionOf(client, exchange, input.threadId)
  const answers = new Answers(input)
  const run = { input, session, answers, narrator: new Narrator(input.messages) }
  const news = newMessages(input)
  const thread = await findThread(session)
  if (!thread) {
    if (news.length === 0) throw nothingToRun()
    await createThread(client, session, input)
    const turnIds = [await submit(session, input, news)]
    return { ...run, turnIds, ownTurnIds: turnIds }
  }
  const own = await answerPending(client, thread, answers, news.length > 0)
  const { lastTurn } = thread.found
  const running = lastTurn?.endedAt === null ? [lastTurn.turnId] : []
  if (news.length > 0) {
    const unsent = await withoutSent(thread, news)
    await updateThread(thread, input)
    const turnId = await submit(session, input, unsent)
    return { ...run, turnIds: [...new Set([...own, ...running, turnId])], ownTurnIds: [...own, turnId] }
  }
  // A repeated answer finds the turn that it has continued, perhaps ended.
  const isAnswer = input.resume.length > 0 || input.messages.at(-1)?.role === 'tool'
  if (!lastTurn || !isAnswer) throw nothingToRun()
  const turnIds = [...new Set([...own, lastTurn.turnId])]
  return { ...run, turnIds, ownTurnIds: turnIds }
}

/** Answers the open requests of turns, and returns the turns; the run can leave requests open. */
async function answerPending(
  client: ClaudeCodeClient,
  { session, found }: Thread,
  answers: Answers,
  hasPrompt: boolean,
): Promise<string[]> {
  if (found.openRequests === 0) return []
  const params = { sessionId: session.id }
  const { permissions } = await client.call('listPermissions', { params, query: { limit: 200 } })
  const pending = permissions.filter(({ turnId, kind }) => turnId !== null && kind !== 'hook')
  const asked = pending.map(request => ({ request, answer: answers.find(request) }))
  const left = asked.find(({ answer }) => !answer)?.request
  if (left && hasPrompt) throw unanswered(left)
  for (const { request, answer } of asked) {
    if (answer) await answers.send(session, request, answer)
  }
  return [...new Set(pending.flatMap(({ turnId }) => turnId ?? []))]
}

function unanswered({ kind, permissionId, toolUseId }: PermissionRequest): Error {
  return kind === 'client_tool'
    ? invalidField('messages', `must have the result of the tool call ${toolUseId} before the next prompt`)
    : invalidField('resume', `must answer the interrupt ${permissionId} before the next prompt`)
}

function nothingToRun(): Error {
  return invalidField(
    'messages',
    'must end with a message of the user, or the thread must wait for an answer',
  )
}

/** A turn that failed or was interrupted early leaves no answer between its message and the next one. */
async function withoutSent({ session, found }: Thread, news: NewMessage[]): Promise<NewMessage[]> {
  if (news.length === 1 || !found.lastTurn) return news
  const { prompt } = await session.getTurn(found.lastTurn.turnId)
  const sent = JSON.stringify(typeof prompt === 'string' ? [{ type: 'text', text: prompt }] : prompt)
  const blocksOf = (count: number) => JSON.stringify(news.slice(0, count).flatMap(({ blocks }) => blocks))
  for (let count = news.length - 1; count > 0; count--) {
    // The prompt can begin with the context that the application gave then.
    if (sent.endsWith(blocksOf(count).slice(1))) return news.slice(count)
  }
  return news
}

async function submit(session: SessionClient, input: RunInput, news: readonly NewMessage[]): Promise<string> {
  // A request that comes twice is one run.
  const idempotencyKey = deriveId('ag-ui', input.threadId, input.runId)
  try {
    return (await session.submit(toPrompt(input, news), { idempotencyKey })).turnId
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'IDEMPOTENCY_KEY_REUSED')) throw error
    throw invalidField('runId', 'is that of another run of the thread')
  }
}

/** Tells an accepted run. */
export async function* tellRun(run: Run, signal: AbortSignal): AsyncGenerator<AgUiEvent> {
  const { input, answers } = run
  yield beginRun(input)
  yield* tellIgnored([...input.ignored, ...answers.unusedEntries()])
  yield* tellTurns(run, signal)
}

/** Tells turns one after the other, and the end of the run with the last one. */
export async function* tellTurns(
  { input, session, turnIds, narrator, answers }: Omit<Run, 'ownTurnIds'>,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent> {
  for (const [index, turnId] of turnIds.entries()) {
    const end = yield* followTurn(session, turnId, narrator, answers, signal)
    if (end.kind === 'gone') {
      yield* failRun(narrator, { code: 'SESSION_ENDED', message: 'The session has ended' })
      return
    }
    if (end.kind === 'waiting') {
      yield* pauseRun(input, narrator, end.requests)
      return
    }
    const turn = await session.getTurn(turnId, { signal })
    const isLast = index === turnIds.length - 1
    if (isLast) yield* tellIgnored(answers.unusedResults())
    yield* endOf(input, narrator, turn, isLast)
  }
}
