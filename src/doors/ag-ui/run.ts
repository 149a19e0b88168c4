import type { ClaudeCodeClient, PermissionRequest, SessionClient } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { invalidField, invalidRequest } from '../../contract/errors.ts'
import { Answers } from './answers.ts'
import { EventWriter } from './event-writer.ts'
import { followTurn } from './follow-turn.ts'
import type { RunInput } from './input.ts'
import { checkMessages, newMessages } from './prompt.ts'
import type { AgUiEvent } from './protocol.ts'
import { beginRun, endOf, failRun, pauseRun, writeIgnored } from './run-events.ts'
import { findRepeated, findUnsent, submitPrompt } from './submit-prompt.ts'
import { checkThread, createThread, findThread, sessionOf, type Thread, updateThread } from './thread.ts'

/** A run that has been accepted. */
export interface Run {
  input: RunInput
  session: SessionClient
  /** The turns to write, in order. */
  turnIds: readonly string[]
  /** The turns that it has begun or continued. */
  ownTurnIds: readonly string[]
  answers: Answers
  writer: EventWriter
}

/**
 * Accepts a run: sends its answers to open requests, and submits its prompt.
 *
 * @throws if the run is refused, before the response has begun
 */
export async function acceptRun(
  client: ClaudeCodeClient,
  exchange: DoorExchange,
  input: RunInput,
): Promise<Run> {
  const session = sessionOf(client, exchange, input.threadId)
  const answers = new Answers(input)
  const run = { input, session, answers, writer: new EventWriter(input.messages) }
  const said = newMessages(input)
  const thread = await findThread(session)
  if (!thread) {
    if (said.length === 0) throw nothingToRun()
    checkMessages(input, said)
    await createThread(client, session, input)
    const turnIds = [await submitPrompt(session, input, said, said)]
    return { ...run, turnIds, ownTurnIds: turnIds }
  }
  // Answers cannot be withdrawn, so the run is checked first.
  checkThread(thread, input)
  if (said.length > 0) checkMessages(input, said)
  const unsent = await findUnsent(client, thread, said, input)
  const news = unsent.length > 0 ? said : []
  const { lastTurn } = thread.found
  // A repeated answer finds the turn that it continued, which may have ended.
  const isAnswer = input.resume.length > 0 || input.messages.at(-1)?.role === 'tool'
  const { pending, given, open } = await findAnswers(thread, answers)
  if (news.length === 0 && !(lastTurn && isAnswer)) {
    throw open.length > 0 ? unanswered(open, input) : nothingToRun()
  }
  if (news.length > 0 && open.length > 0) {
    const turnId = await findRepeated(session, input, news)
    if (turnId === undefined) throw unanswered(open, input)
    return { ...run, turnIds: [turnId], ownTurnIds: [turnId] }
  }
  if (news.length > 0) await updateThread(thread, input)
  for (const { request, answer } of given) await answers.send(session, request, answer)
  const own = [...new Set(pending.flatMap(({ turnId }) => turnId ?? []))]
  if (news.length > 0) {
    const running = lastTurn?.endedAt === null ? [lastTurn.turnId] : []
    const turnId = await submitPrompt(session, input, news, unsent)
    return { ...run, turnIds: [...new Set([...own, ...running, turnId])], ownTurnIds: [...own, turnId] }
  }
  const turnIds = [...new Set([...own, ...(lastTurn ? [lastTurn.turnId] : [])])]
  return { ...run, turnIds, ownTurnIds: turnIds }
}

/** The open requests of turns, and the answers that the run has for them; it can leave requests open. */
async function findAnswers({ session, found }: Thread, answers: Answers) {
  const all = found.openRequests > 0 ? await session.pendingRequests() : []
  const pending = all.filter(({ turnId, kind }) => turnId !== null && kind !== 'hook')
  const asked = pending.map(request => ({ request, answer: answers.findChecked(request) }))
  return {
    pending,
    given: asked.flatMap(({ request, answer }) => (answer ? [{ request, answer }] : [])),
    open: asked.flatMap(({ request, answer }) => (answer ? [] : [request])),
  }
}

/** Names all open requests, calls in their order in the messages. */
function unanswered(open: readonly PermissionRequest[], { messages }: RunInput): Error {
  const callIds = messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id))
  const placeOf = ({ toolUseId }: PermissionRequest) => callIds.indexOf(toolUseId ?? '')
  return invalidRequest(
    open
      .toSorted((one, other) => placeOf(one) - placeOf(other))
      .map(({ kind, permissionId, toolUseId }) =>
        kind === 'client_tool'
          ? {
              path: 'messages',
              message: `must have the result of the tool call ${toolUseId} before the next prompt`,
            }
          : { path: 'resume', message: `must answer the interrupt ${permissionId} before the next prompt` },
      ),
  )
}

function nothingToRun(): Error {
  return invalidField(
    'messages',
    'must end with a message of the user, or the thread must wait for an answer',
  )
}

/** Writes an accepted run. */
export async function* writeRun(run: Run, signal: AbortSignal): AsyncGenerator<AgUiEvent> {
  const { input, answers } = run
  yield beginRun(input)
  yield* writeIgnored([...input.ignored, ...answers.unusedEntries()])
  yield* writeTurns(run, signal)
}

/** Writes turns one after the other, then the end of the run. */
export async function* writeTurns(
  { input, session, turnIds, writer, answers }: Omit<Run, 'ownTurnIds'>,
  signal: AbortSignal,
): AsyncGenerator<AgUiEvent> {
  for (const [index, turnId] of turnIds.entries()) {
    const end = yield* followTurn(session, turnId, writer, answers, signal)
    if (end.kind === 'gone') {
      yield* failRun(writer, { code: 'SESSION_ENDED', message: 'The session has ended' })
      return
    }
    if (end.kind === 'waiting') {
      yield* writeIgnored(answers.unusedResults())
      yield* pauseRun(input, writer, end.requests)
      return
    }
    const turn = await session.getTurn(turnId, { signal })
    const isLast = index === turnIds.length - 1
    if (isLast) yield* writeIgnored(answers.unusedResults())
    yield* endOf(input, writer, turn, isLast)
  }
}
