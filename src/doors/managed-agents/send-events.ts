import { randomUUID } from 'node:crypto'
import type { ClaudeCodeClient, Prompt } from '../../client/index.ts'
import { checkPrompt } from '../../contract/check-input.ts'
import { errorCatalogue, ServiceError } from '../../contract/errors.ts'
import { answerRequest } from './answer-request.ts'
import type { Context } from './context.ts'
import { invalid, Refusal } from './errors.ts'
import type { PromptBlock, UserEvent } from './event-types.ts'
import { toObjectEventId } from './ids.ts'
import { type OpenedSession, openSession } from './open-session.ts'
import { readBody } from './reading.ts'
import {
  type ClientAnswer,
  type Confirmation,
  type SentEvent,
  sendEventsBody,
  type UserMessage,
} from './sent-events.ts'
import { TurnHistory } from './turn-history.ts'

/** Carries out the events in their order. */
export async function sendEvents(context: Context): Promise<{ data: UserEvent[] }> {
  const { api, param, request } = context
  const { events } = await readBody(request, sendEventsBody)
  const session = await openSession(api, param('session'))
  if (session.own.archivedAt !== undefined) throw new Refusal(400, 'The session is archived')
  const foreign = events.findIndex(({ type }) => type === 'user.tool_result')
  if (foreign !== -1 && !session.outline.isSelfHosted) {
    throw invalid(
      `events[${foreign}].type`,
      'user.tool_result answers tools of self_hosted environments; answer custom tools with user.custom_tool_result',
    )
  }
  checkMessages(events, 'events')
  const data: UserEvent[] = []
  for (let index = 0; index < events.length; index += 1) {
    const answers = takeAnswers(events, index)
    if (answers.length > 0) {
      data.push(...(await answerAll(context, session, answers, index)))
      index += answers.length - 1
      continue
    }
    const [event, next] = events.slice(index)
    if (event?.type === 'user.interrupt' && next?.type === 'user.message') {
      // One request, so that the session does not become idle between.
      const interrupt = toInterrupt(await findRunning(api, session.id))
      data.push(interrupt, await sendMessage(api, session.id, next, 'interrupt'))
      index += 1
    } else if (event?.type === 'user.interrupt') {
      const { interrupted } = await api.session(session.id).interrupt()
      data.push(toInterrupt(interrupted[0]))
    } else if (event?.type === 'user.message') {
      data.push(await sendMessage(api, session.id, event))
    }
  }
  return { data }
}

/**
 * Checks messages before the first event is carried out.
 *
 * @param field that has the events
 */
export function checkMessages(events: readonly SentEvent[], field: string): void {
  for (const [index, event] of events.entries()) {
    if (event.type !== 'user.message') continue
    try {
      checkPrompt(toPrompt(event.content))
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      const message = error.message.replace(/(^|; )prompt\b/g, `$1${field}[${index}].content`)
      throw new Refusal(errorCatalogue[(error as ServiceError).code].status, message)
    }
  }
}

type Answer = ClientAnswer | Confirmation

/** The answers that follow each other from a place on. */
function takeAnswers(events: readonly SentEvent[], from: number): Answer[] {
  const rest = events.slice(from)
  const end = rest.findIndex(({ type }) => type === 'user.message' || type === 'user.interrupt')
  return rest.slice(0, end === -1 ? rest.length : end) as Answer[]
}

/** At once, because Claude may come to one call only after another one was answered. */
async function answerAll(
  context: Context,
  session: OpenedSession,
  answers: readonly Answer[],
  from: number,
): Promise<UserEvent[]> {
  const sent = await Promise.allSettled(
    answers.map((answer, index) => answerRequest(context, session, answer, `events[${from + index}]`)),
  )
  return sent.map(result => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

/** The turn that a message with `onBusy: 'interrupt'` is about to interrupt. */
async function findRunning(api: ClaudeCodeClient, sessionId: string): Promise<string | undefined> {
  const { state, lastTurn } = await api.session(sessionId).get()
  if (state === 'idle' || !lastTurn) return undefined
  const { turnId, status } = lastTurn
  if (status === 'running' || status === 'requires_action') return turnId
  return new TurnHistory(api, sessionId).findRunning()
}

/** The event of an interrupt. It is in the list if a turn ran. */
function toInterrupt(turnId: string = randomUUID()): UserEvent {
  const id = toObjectEventId(turnId, '_interrupt')
  return { type: 'user.interrupt', id, processed_at: new Date().toISOString() }
}

export async function sendMessage(
  api: ClaudeCodeClient,
  sessionId: string,
  { type, content }: UserMessage,
  onBusy: 'queue' | 'interrupt' = 'queue',
): Promise<UserEvent> {
  const { turnId } = await api.session(sessionId).submit(toPrompt(content), { onBusy })
  return { type, id: toObjectEventId(turnId), content: content.map(toShown), processed_at: null }
}

function toPrompt(content: UserMessage['content']): Prompt {
  return content.map(block => {
    if (block.type !== 'document') return block
    const { type, source, title } = block
    return { type, source, ...(typeof title === 'string' && { title }) }
  })
}

function toShown(block: UserMessage['content'][number]): PromptBlock {
  if (block.type !== 'document') return block
  const { type, source, title } = block
  return { type, source, ...(typeof title === 'string' && { title }) }
}
