import { z } from 'zod'
import { imageMediaTypes } from '../../lib/media-type.ts'
import { emptyList } from './agent-schema.ts'

const notSupported = { error: 'is not supported by this server' }
const none = z.null(notSupported).optional()
/** Sources of files that this server has no counterpart of. */
const source = 'must be base64 or text: files and addresses are not supported by this server'

/** Content that the API takes. */
const base64 = z.base64('must be Base64').min(1)

const text = z.strictObject({ type: z.literal('text'), text: z.string().min(1) })
const image = z.strictObject({
  type: z.literal('image'),
  source: z.discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('base64'),
        media_type: z.enum(imageMediaTypes),
        data: base64,
      }),
    ],
    { error: source },
  ),
})
const plainText = z.strictObject({
  type: z.literal('text'),
  media_type: z.literal('text/plain'),
  data: z.string().min(1),
})
const pdf = z.strictObject({
  type: z.literal('base64'),
  media_type: z.literal('application/pdf'),
  data: base64,
})
const document = z.strictObject({
  type: z.literal('document'),
  source: z.discriminatedUnion('type', [pdf, plainText], { error: source }),
  title: z.string().max(500).nullish(),
  context: none,
})

/** Results of tools have no files. */
const resultDocument = document.extend({
  source: z.discriminatedUnion('type', [plainText], { error: 'must be text in the result of a tool' }),
})
const searchResult = z.strictObject({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(z.strictObject({ type: z.literal('text'), text: z.string() })),
  citations: z.strictObject({ enabled: z.literal(false, notSupported) }).optional(),
})
const resultContent = z
  .array(z.discriminatedUnion('type', [text, image, resultDocument, searchResult]))
  .max(100)
  .optional()

/** Older clients echo the thread; there is one only. */
const thread = z.string().nullish()
const answer = { content: resultContent, is_error: z.boolean().nullish(), session_thread_id: thread }

export const userMessage = z.strictObject({
  type: z.literal('user.message'),
  content: z
    .array(z.discriminatedUnion('type', [text, image, document]))
    .min(1)
    .max(100),
})

const sentEvent = z.discriminatedUnion(
  'type',
  [
    userMessage,
    z.strictObject({
      type: z.literal('user.interrupt'),
      session_thread_id: z
        .null({ error: 'must be null: threads are not supported by this server' })
        .optional(),
    }),
    z.strictObject({
      type: z.literal('user.tool_confirmation'),
      tool_use_id: z.string(),
      result: z.enum(['allow', 'deny']),
      deny_message: z.string().max(10_000).nullish(),
      session_thread_id: thread,
    }),
    z.strictObject({ type: z.literal('user.custom_tool_result'), custom_tool_use_id: z.string(), ...answer }),
    z.strictObject({ type: z.literal('user.tool_result'), tool_use_id: z.string(), ...answer }),
  ],
  {
    error:
      'must be user.message, user.interrupt, user.tool_confirmation, user.custom_tool_result or user.tool_result',
  },
)

export const sendEventsBody = z.strictObject({ events: z.array(sentEvent).min(1).max(50) })
export const initialEvents = z.array(userMessage).max(50).optional()

/** Nothing that the field could have is supported. */
export const unsupportedList = emptyList.nullish()

export type SentEvent = z.output<typeof sentEvent>
export type UserMessage = z.output<typeof userMessage>
export type ClientAnswer = Extract<SentEvent, { type: 'user.custom_tool_result' | 'user.tool_result' }>
export type Confirmation = Extract<SentEvent, { type: 'user.tool_confirmation' }>
