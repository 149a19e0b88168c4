import { isDeepStrictEqual } from 'node:util'
import type { ClaudeCodeClient, Prompt, SessionClient, Turn } from '../../client/index.ts'
import type { ChatRequest } from './chat-request.ts'
import { Refusal } from './problems.ts'

/**
 * Takes the conversation back to before the turn that the request's message replaces: that of an answer to be made
 * again, or of a prompt that was edited. Turns that run are interrupted.
 */
export async function rewindFor(
  client: ClaudeCodeClient,
  session: SessionClient,
  request: ChatRequest,
  prompt: Prompt,
): Promise<void> {
  const turns = await listTurns(client, session.id)
  const index = findReplaced(turns, request, prompt)
  const replaced = turns[index]
  if (!replaced) return
  for (const { turnId } of turns.slice(index).filter(({ endedAt }) => endedAt === null)) {
    await session.interrupt({ turnId })
    for await (const _ of session.follow({ turnId }));
  }
  // A turn that was cancelled before it began is not in the conversation.
  const counted = (await listTurns(client, session.id))
    .slice(index)
    .find(({ startedAt }) => startedAt !== null)
  if (!counted) return
  await client.call('rewindSession', {
    params: { sessionId: session.id },
    body: { toTurnId: counted.turnId },
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
function findReplaced(turns: readonly Turn[], request: ChatRequest, prompt: Prompt): number {
  const { messages, last, messageId, trigger } = request
  const named = turns.findIndex(({ turnId }) => turnId === messageId)
  if (named !== -1) return named
  const before = messages.slice(0, messages.lastIndexOf(last)).findLast(({ role }) => role === 'assistant')
  if (before) {
    const index = turns.findIndex(({ turnId }) => turnId === before.id)
    if (index === -1) throw new Refusal(`messages: ${before.id} is not an answer of this chat`)
    return index + 1
  }
  // Without a history it is the newest turn with this prompt; an edited prompt without answers before it is the first.
  if (trigger === 'regenerate-message') {
    return turns.findLastIndex(turn => isDeepStrictEqual(turn.prompt, prompt))
  }
  return 0
}
