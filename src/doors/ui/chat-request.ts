import { z } from 'zod'
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
    preset: z.string().optional(),
    session: z.record(z.string(), z.unknown()).optional(),
    clientTools: z.array(z.record(z.string(), z.unknown())).optional(),
    onBusy: z.enum(['queue', 'reject', 'interrupt']).optional(),
    onDisconnect: z.enum(['continue', 'interrupt']).default('continue'),
  })
  .refine(body => (body.messages === undefined) !== (body.message === undefined), {
    path: ['messages'],
    message: 'send either messages or message',
  })

export type UiPart = z.infer<typeof part>
export type UiMessage = z.infer<typeof message>
export interface ChatRequest extends Omit<z.infer<typeof chatRequest>, 'messages' | 'message'> {
  messages: [UiMessage, ...UiMessage[]]
  /** The message that counts. */
  last: UiMessage
  /** The answer of Claude that the request continues, with answers to its requests; undefined: it brings a prompt. */
  continued: UiMessage | undefined
}

/** Fields of `POST /sessions` that the request has outside of `session`, or that the door sets. */
const ownFields = ['sessionId', 'preset', 'clientTools']

/** @throws Refusal that names the field */
export async function readChatRequest(request: Request): Promise<ChatRequest> {
  const parsed = chatRequest.safeParse(await readJson(request))
  if (!parsed.success) throw new Refusal(describe(parsed.error))
  const { messages, message, ...rest } = parsed.data
  const all = (messages ?? [message]) as [UiMessage, ...UiMessage[]]
  const own = ownFields.find(name => rest.session && name in rest.session)
  if (own) throw new Refusal(`session.${own}: cannot be set here`)
  const last = all.at(-1) ?? all[0]
  const named = all.find(({ id, role }) => id === rest.messageId && role === 'assistant')
  const isPrompt = rest.trigger === 'regenerate-message' || (last.role === 'user' && named === undefined)
  if (isPrompt && last.role !== 'user') {
    throw new Refusal('messages: the last message must be one of the user')
  }
  if (message && rest.trigger === 'submit-message' && rest.messageId === last.id && isPrompt) {
    throw new Refusal('message: an edit needs the messages before it; send messages')
  }
  if (!isPrompt && (named ?? last).role !== 'assistant') {
    throw new Refusal('messages: the last message must be one of the user or the assistant')
  }
  return { ...rest, messages: all, last, continued: isPrompt ? undefined : (named ?? last) }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    throw new Refusal('The body is not JSON')
  }
}

function describe({ issues }: z.ZodError): string {
  return issues
    .slice(0, 5)
    .flatMap(issue => {
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map(key => `${[...issue.path, key].join('.')}: is not a field of the request`)
      }
      return `${issue.path.join('.') || 'body'}: ${issue.message}`
    })
    .join('; ')
}
