import { randomUUID } from 'node:crypto'
import type { ClaudeCodeClient, Prompt } from '../../client/index.ts'
import { answerRequest } from './answer-request.ts'
import type { Context } from './context.ts'
import { invalid, Refusal } from './errors.ts'
import type { PromptBlock, UserEvent } from './event-types.ts'
import { toObjectEventId } from './ids.ts'
import { type OpenedSession, openSession } from './open-session.ts'
import { readBody } from './reading.ts'
import { type SentEvent, sendEventsBody, type UserMessage } from './sent-events.ts'

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
  const data: UserEvent[] = []
  for (const [index, event] of events.entries()) data.push(await carryOut(context, session, event, index))
  return { data }
}

async function carryOut(
  context: Context,
  session: OpenedSession,
  event: SentEvent,
  index: number,
): Promise<UserEvent> {
  const { api } = context
  switch (event.type) {
    case 'user.message':
      return sendMessage(api, session.id, event)
    case 'user.interrupt': {
      const { interrupted } = await api.session(session.id).interrupt()
      // An idle session has nothing to interrupt, and the event leaves no trace.
      const id = toObjectEventId(interrupted[0] ?? randomUUID(), '_interrupt')
      return { type: event.type, id, processed_at: new Date().toISOString() }
    }
    default:
      return answerRequest(context, session, event, `events[${index}]`)
  }
}

export async function sendMessage(
  api: ClaudeCodeClient,
  sessionId: string,
  { type, content }: UserMessage,
): Promise<UserEvent> {
  const { turnId } = await api.session(sessionId).submit(toPrompt(content))
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
