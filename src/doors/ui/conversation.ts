import type { ClaudeCodeClient, Session } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { giveAnswers, listPending } from './answers.ts'
import { openSession } from './chat.ts'
import type { ChatRequest, UiMessage } from './chat-request.ts'
import { isCode, Refusal } from './problems.ts'
import { toPrompt } from './prompt.ts'
import { wayOf } from './requests.ts'
import { rewindFor } from './rewinding.ts'
import { readShownCalls, readTodos } from './shown.ts'
import { toStreamResponse } from './stream-response.ts'
import { streamTurn } from './turn-stream.ts'

/** Starts a turn with the last message of the user, and streams it. */
export async function sendPrompt(
  exchange: DoorExchange,
  client: ClaudeCodeClient,
  sessionId: string,
  request: ChatRequest,
): Promise<Response> {
  const prompt = toPrompt(request.last, `messages.${request.messages.length - 1}`)
  const found = await openSession(client, sessionId, request)
  const session = client.session(sessionId)
  if (request.trigger === 'regenerate-message' || request.messageId === request.last.id) {
    await rewindFor(client, session, request, prompt)
  }
  const onBusy = request.onBusy ?? (await chooseOnBusy(client, found))
  const { turnId } = await session.submit(prompt, { onBusy })
  return toStreamResponse(
    exchange,
    signal => streamTurn(session, { turnId, shown: { todos: readTodos(request.messages) }, signal }),
    leaverOf(request, () => session.interrupt({ turnId })),
  )
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
  const session = client.session(sessionId)
  const turn = await session.getTurn(turnId).catch(error => {
    if (!isCode(error, 'SESSION_NOT_FOUND', 'TURN_NOT_FOUND', 'INVALID_REQUEST')) throw error
    throw new Refusal(`messages: ${turnId} is not an answer of this chat`)
  })
  const { sequence: after } = (message.metadata ?? {}) as { sequence?: unknown }
  if (typeof after !== 'number' || !Number.isSafeInteger(after) || after < 0) {
    throw new Refusal('messages: an answer continues after the metadata.sequence that it was sent with')
  }
  if (turn.endedAt !== null && (turn.lastSequence ?? 0) <= after) {
    throw new Refusal('messages: the turn of the last message is over', 409, 'TURN_OVER')
  }
  await giveAnswers(session, await listPending(client, sessionId), message)
  const shown = { calls: readShownCalls(message), todos: readTodos(request.messages) }
  return toStreamResponse(
    exchange,
    signal => streamTurn(session, { turnId, after, shown, signal }),
    leaverOf(request, () => session.interrupt({ turnId })),
  )
}

function leaverOf({ onDisconnect }: ChatRequest, interrupt: () => Promise<unknown>) {
  return onDisconnect === 'interrupt' ? interrupt : undefined
}

/** A prompt in place of an answer takes the place of the turn that asks; a turn at work is waited for. */
async function chooseOnBusy(client: ClaudeCodeClient, { sessionId, state }: Session) {
  if (state !== 'requires_action') return 'queue'
  const pending = await listPending(client, sessionId)
  return pending.some(request => request.turnId !== null && wayOf(request)) ? 'interrupt' : 'queue'
}
