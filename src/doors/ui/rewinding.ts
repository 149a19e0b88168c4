import { isDeepStrictEqual } from 'node:util'
import {
  type ClaudeCodeClient,
  isApiError,
  type Prompt,
  type SessionClient,
  type Turn,
} from '../../client/index.ts'
import type { ChatRequest } from './chat-request.ts'
import { Refusal } from './problems.ts'

/**
 * Finds the turns that the request's message replaces, oldest first: from that of an answer to be made again, or of a
 * prompt that was edited. A chat that has not begun has none.
 *
 * @throws Refusal if the history is that of another chat
 */
export async function findReplaced(
  client: ClaudeCodeClient,
  sessionId: string,
  request: ChatRequest,
  prompt: Prompt,
): Promise<readonly Turn[]> {
  const { trigger, messageId, last } = request
  if (trigger !== 'regenerate-message' && messageId !== last.id) return []
  const turns = await listTurns(client, sessionId).catch(error => {
    if (isApiError(error, 'SESSION_NOT_FOUND')) return []
    throw error
  })
  const index = findFirst(turns, request, prompt)
  return index === -1 ? [] : turns.slice(index)
}

/** Takes the conversation back to before these turns. Those that run are interrupted. */
export async function takeBack(
  client: ClaudeCodeClient,
  session: SessionClient,
  turns: readonly Turn[],
): Promise<void> {
  const counted = await interruptAll(session, turns)
  if (!counted) return
  await client.call('rewindSession', {
    params: { sessionId: session.id },
    body: { toTurnId: counted.turnId },
  })
}

/**
 * Interrupts the turns that are not over, the newest first: the next one would begin when the running one has ended.
 *
 * @returns the first turn that is in the conversation: one that was cancelled before it began is not
 */
async function interruptAll(session: SessionClient, turns: readonly Turn[]): Promise<Turn | undefined> {
  const cancelled = new Set<string>()
  for (const { turnId } of turns.filter(({ endedAt }) => endedAt === null).reverse()) {
    for (const id of (await session.interrupt({ turnId })).cancelled) cancelled.add(id)
  }
  return turns.find(({ turnId, startedAt, endedAt }) => {
    return startedAt !== null || (endedAt === null && !cancelled.has(turnId))
  })
}

/** The turns that count, oldest first. */
async function listTurns(client: ClaudeCodeClient, sessionId: string): Promise<Turn[]> {
  const found: Turn[] = []
  let cursor: string | undefined
  do {
    const query = { limit: 1000, ...(cursor !== undefined && { cursor }) }
    const { turns, pagination } = await client.call('listTurns', { params: { sessionId }, query })
    found.push(...turns)
    cursor = pagination.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found.filter(({ rewound }) => rewound !== true)
}

/** @returns the index of the first turn that no longer counts; -1 or the number of turns: there is none */
function findFirst(turns: readonly Turn[], request: ChatRequest, prompt: Prompt): number {
  const { messages, last, messageId, trigger } = request
  const named = turns.findIndex(({ turnId }) => turnId === messageId)
  if (named !== -1) return named
  const before = messages.slice(0, messages.lastIndexOf(last)).findLast(({ role }) => role === 'assistant')
  if (before) {
    const index = turns.findIndex(({ turnId }) => turnId === before.id)
    if (index === -1)
      throw new Refusal(`messages.${messages.lastIndexOf(before)}.id: must be that of an answer of this chat`)
    return index + 1
  }
  // Without a history it is the newest turn with this prompt; an edited prompt without answers before it is the first.
  if (trigger === 'regenerate-message') {
    return turns.findLastIndex(turn => isDeepStrictEqual(turn.prompt, prompt))
  }
  return 0
}
