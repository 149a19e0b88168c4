import { isDeepStrictEqual } from 'node:util'
import {
  type ClaudeCodeClient,
  isApiError,
  type Prompt,
  type PromptBlock,
  type SessionClient,
} from '../../client/index.ts'
import { invalidField } from '../../contract/errors.ts'
import { deriveId } from '../../lib/derived-id.ts'
import type { RunInput } from './input.ts'
import { isContext, type NewMessage, toPrompt } from './prompt.ts'
import type { Thread } from './thread.ts'

type Messages = readonly NewMessage[]

/** Bounds the search for a repeated run. */
const mostTries = 20

/**
 * Submits the prompt of a run. A repeated run finds its turn by trying each end of its messages, because fewer of them
 * had been sent the first time.
 *
 * @param unsent the new messages that are not in a turn
 */
export async function submitPrompt(
  session: SessionClient,
  input: RunInput,
  news: Messages,
  unsent: Messages,
): Promise<string> {
  const ends = news.map((_, start) => news.slice(start))
  for (const messages of [unsent, news, ...ends.slice(-mostTries)]) {
    const turnId = await trySubmit(session, input, messages)
    if (turnId !== undefined) return turnId
  }
  throw invalidField('runId', 'was used for another run of the thread')
}

/** Finds the turn of a repeated run in a thread that waits for an answer; undefined: the run is new. */
export async function findRepeated(
  session: SessionClient,
  input: RunInput,
  news: Messages,
): Promise<string | undefined> {
  try {
    // The idempotency key is checked first, and then a new prompt is refused because the session is busy.
    const turnId = await trySubmit(session, input, news, 'reject')
    return turnId ?? (await submitPrompt(session, input, news, news))
  } catch (error) {
    if (isApiError(error, 'SESSION_BUSY')) return undefined
    throw error
  }
}

/** Returns undefined if the run was accepted with another prompt. */
async function trySubmit(
  session: SessionClient,
  input: RunInput,
  messages: Messages,
  onBusy?: 'reject',
): Promise<string | undefined> {
  const idempotencyKey = deriveId('ag-ui', input.threadId, input.runId)
  try {
    return (await session.submit(toPrompt(input, messages), { idempotencyKey, onBusy })).turnId
  } catch (error) {
    if (isApiError(error, 'IDEMPOTENCY_KEY_REUSED')) return undefined
    throw error
  }
}

/**
 * Returns the new messages that are not in a turn: one that failed or was interrupted early leaves no answer between its
 * message and the next one. If all are, the last message is sent again, unless the run answers its turn.
 */
export async function findUnsent(
  client: ClaudeCodeClient,
  { session, found }: Thread,
  news: Messages,
  input: RunInput,
): Promise<Messages> {
  const fewest = answersLastMessage(input) ? 0 : 1
  if (news.length <= fewest || !found.lastTurn) return news
  const sent = (await lastPrompts(client, session, news.length)).flatMap(toBlocks)
  for (let count = news.length; count > 0; count--) {
    const blocks = news.slice(0, count).flatMap(message => message.blocks)
    if (!isDeepStrictEqual(sent.slice(-blocks.length), blocks)) continue
    return news.slice(Math.min(count, news.length - fewest))
  }
  return news
}

/**
 * Whether answers come with the message that their turn began with, as from a client that keeps no messages of Claude.
 * Another message that says the same as the one before it is a prompt.
 */
function answersLastMessage({ resume, messages }: RunInput): boolean {
  if (resume.length === 0) return false
  const isUsers = ({ role }: { role: string }) => role === 'user' || role === 'activity'
  const before = messages.slice(0, messages.findLastIndex(message => !isUsers(message)) + 1)
  const [last, previous] = [messages, before].map(
    list => list.findLast(({ role }) => role === 'user')?.content,
  )
  return !isDeepStrictEqual(last, previous)
}

/** The last prompts that Claude remembers. */
async function lastPrompts(
  client: ClaudeCodeClient,
  { id }: SessionClient,
  count: number,
): Promise<Prompt[]> {
  const params = { sessionId: id }
  const limit = Math.min(count, 100)
  const { pagination } = await client.call('listTurns', { params, query: { limit: 1 } })
  const offset = Math.max(0, pagination.total - limit)
  const { turns } = await client.call('listTurns', { params, query: { limit, offset } })
  return turns
    .filter(({ startedAt, endedAt, rewound }) => !rewound && (startedAt !== null || endedAt === null))
    .map(({ prompt }) => prompt)
}

/** The blocks of a prompt without the application's context. */
function toBlocks(prompt: Prompt): PromptBlock[] {
  if (typeof prompt === 'string') return [{ type: 'text', text: prompt }]
  const [first] = prompt
  return first?.type === 'text' && isContext(first.text) ? prompt.slice(1) : prompt
}
