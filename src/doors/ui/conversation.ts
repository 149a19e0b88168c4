import { type ClaudeCodeClient, isApiError, type Session, type SessionClient } from '../../client/index.ts'
import { checkPrompt } from '../../contract/check-input.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { giveAnswers } from './answers.ts'
import { readCalls } from './call-parts.ts'
import { checkSettings, openSession } from './chat.ts'
import type { ChatRequest, UiMessage } from './chat-request.ts'
import { checkNaming, naming, Refusal } from './problems.ts'
import { toPartPath, toPrompt } from './prompt.ts'
import { callIdOf, replyModeOf } from './requests.ts'
import { findReplaced, takeBack } from './rewinding.ts'
import { readTodos, toShownCalls } from './shown.ts'
import { toStreamResponse } from './stream-response.ts'
import { streamRetries, streamTurn } from './turn-stream.ts'

/** Starts a turn with the last message of the user, and streams it. */
export async function sendPrompt(
  exchange: DoorExchange,
  client: ClaudeCodeClient,
  sessionId: string,
  request: ChatRequest,
): Promise<Response> {
  const prompt = toPrompt(request.last, request.path)
  const toPath = (field: string) => toPartPath(field, request.last, request.path)
  // Before anything of the chat is changed.
  checkNaming(() => checkPrompt(prompt), toPath)
  const replaced = await findReplaced(client, sessionId, request, prompt)
  const found = await openSession(client, sessionId, request)
  const session = client.session(sessionId)
  await takeBack(client, session, replaced)
  const onBusy = request.onBusy ?? (await chooseOnBusy(session, found))
  const { turnId } = await naming(session.submit(prompt, { onBusy }), toPath)
  const { signal } = exchange.request
  const chunks = streamTurn(session, { turnId, shown: { todos: readTodos(request.messages) }, signal })
  return toStreamResponse(exchange, chunks, onLeaveOf(request, session, turnId))
}

/** Answers the requests of a message of Claude, and streams the rest of its turn. */
export async function continueMessage(
  exchange: DoorExchange,
  client: ClaudeCodeClient,
  sessionId: string,
  message: UiMessage,
  request: ChatRequest,
): Promise<Response> {
  const { id: turnId } = message
  const given = readCalls(message, request.path)
  const session = client.session(sessionId)
  const turn = await session.getTurn(turnId).catch(error => {
    if (!isApiError(error, 'SESSION_NOT_FOUND', 'TURN_NOT_FOUND', 'INVALID_REQUEST')) throw error
    throw new Refusal(`${request.path}.id: must be that of an answer of this chat`)
  })
  const { sequence: after } = (message.metadata ?? {}) as { sequence?: unknown }
  if (typeof after !== 'number' || !Number.isSafeInteger(after) || after < 0) {
    throw new Refusal(`${request.path}.metadata.sequence: must be the number that the answer was sent with`)
  }
  if (turn.endedAt !== null && (turn.lastSequence ?? 0) <= after) {
    throw new Refusal(`${request.path}: the turn of the message is over`, 409, 'TURN_OVER')
  }
  checkSettings(await session.get(), request)
  const requests = (await session.pendingRequests()).filter(request => request.turnId === turnId)
  const open = await giveAnswers(session, requests, given)
  const calls = toShownCalls(given)
  for (const waiting of open) calls.delete(callIdOf(waiting))
  const shown = { calls, todos: readTodos(request.messages) }
  const chunks = streamTurn(session, { turnId, after, shown, open, signal: exchange.request.signal })
  return toStreamResponse(exchange, chunks, onLeaveOf(request, session, turnId))
}

/** Returns the action if the client leaves: unlike its own requests, it is tried again where it fails. */
function onLeaveOf({ onDisconnect }: ChatRequest, session: SessionClient, turnId: string) {
  if (onDisconnect !== 'interrupt') return undefined
  return () => session.interrupt({ turnId }, { retries: streamRetries })
}

/** A prompt in place of an answer takes the place of the turn that asks; a turn at work is waited for. */
async function chooseOnBusy(session: SessionClient, { state }: Session) {
  if (state !== 'requires_action') return 'queue'
  const pending = await session.pendingRequests()
  return pending.some(request => request.turnId !== null && replyModeOf(request)) ? 'interrupt' : 'queue'
}
