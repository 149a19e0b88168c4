import { z } from 'zod'
import { presetReference } from '../../contract/session-configuration.ts'
import { check } from './checking.ts'
import { Refusal } from './problems.ts'

const part = z.looseObject({ type: z.string() })
const message = z.looseObject({
  id: z.string().min(1).max(500),
  role: z.enum(['system', 'user', 'assistant']),
  metadata: z.unknown().optional(),
  parts: z.array(part),
})

const chatRequest = z
  .strictObject({
    id: z.string().min(1).max(500),
    messages: z.array(message).min(1).optional(),
    /** In place of `messages`: the last of them alone. */
    message: message.optional(),
    trigger: z.enum(['submit-message', 'regenerate-message']).default('submit-message'),
    messageId: z.string().optional(),
    preset: presetReference.optional(),
    session: z.record(z.string(), z.unknown()).optional(),
    /** Sent by assistant-ui, empty if the page has none. */
    tools: z
      .unknown()
      .refine(isEmpty, { message: 'must be empty: send tools of the page as clientTools' })
      .optional(),
    clientTools: z.array(z.record(z.string(), z.unknown())).optional(),
    onBusy: z.enum(['queue', 'reject', 'interrupt']).optional(),
    onDisconnect: z.enum(['continue', 'interrupt']).default('continue'),
  })
  .refine(body => (body.messages === undefined) !== (body.message === undefined), {
    path: ['messages'],
    message: 'must be set, or message in its place, but not both',
  })

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

export type UiPart = z.infer<typeof part>
export type UiMessage = z.infer<typeof message>
export interface ChatRequest extends Omit<z.infer<typeof chatRequest>, 'messages' | 'message'> {
  messages: [UiMessage, ...UiMessage[]]
  /** The message that counts. */
  last: UiMessage
  /** The answer of Claude that the request continues, with answers to its requests; undefined: it brings a prompt. */
  continued: UiMessage | undefined
  /** The place of the prompt or of the continued answer, such as `messages.1`. */
  path: string
}

/** Fields of `POST /sessions` that the request has outside of `session`, or that the door sets. */
const ownFields = ['sessionId', 'preset', 'clientTools']

/** @throws Refusal that names the field */
export async function readChatRequest(request: Request): Promise<ChatRequest> {
  const { messages, message, ...rest } = check(chatRequest, await readJson(request))
  const all = (messages ?? [message]) as [UiMessage, ...UiMessage[]]
  const own = ownFields.find(name => rest.session && name in rest.session)
  if (own) throw new Refusal(`session.${own}: must not be set here`)
  const last = all.at(-1) ?? all[0]
  const named = all.find(({ id, role }) => id === rest.messageId && role === 'assistant')
  const isPrompt = rest.trigger === 'regenerate-message' || (last.role === 'user' && named === undefined)
  if (isPrompt && last.role !== 'user') {
    throw new Refusal('messages: the last message must have the role user')
  }
  if (message && rest.trigger === 'submit-message' && rest.messageId === last.id && isPrompt) {
    throw new Refusal('message: must not be an edited one, which needs the messages before it: send messages')
  }
  if (!isPrompt && (named ?? last).role !== 'assistant') {
    throw new Refusal('messages: the last message must have the role user or assistant')
  }
  const continued = isPrompt ? undefined : (named ?? last)
  const path = message ? 'message' : `messages.${all.lastIndexOf(continued ?? last)}`
  return { ...rest, messages: all, last, continued, path }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    throw new Refusal('body: must be JSON')
  }
}
