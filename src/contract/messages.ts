import { z } from 'zod'
import { rewound } from './branching.ts'
import { checkCommands, commands } from './commands.ts'
import { compactMessage, view } from './compact-messages.ts'
import { identifier, integerParameter, sessionIdentifier, timestamp, turnIdentifier } from './primitives.ts'
import { answerFields, pageParameters, pagination, prompt } from './turns.ts'

const timeout = z
  .int()
  .min(0)
  .max(24 * 60 * 60 * 1000)
  .default(0)
  .meta({
    description:
      'Milliseconds from acceptance until the turn times out; 0: no timeout. Input that is steered into a running turn (`onBusy: "steer"`) is subject to the timeout of that turn',
  })

const onBusy = z.enum(['queue', 'reject', 'interrupt', 'steer']).default('queue').meta({
  description:
    'What to do if the session is running a turn: `queue` waits for it, `reject` returns 409, `interrupt` interrupts it and runs this prompt next, `steer` passes the prompt to the running turn as more input (like `queue` if that turn takes no more input)',
})

export const sendMessageRequest = z
  .strictObject({
    prompt,
    timeout,
    stream: z
      .boolean()
      .default(false)
      .meta({ description: 'Send nothing, and return the URL of the stream endpoint' }),
    background: z
      .boolean()
      .default(false)
      .meta({ description: 'Return 202 at once, and run the turn in the background' }),
    onBusy,
    commands,
    onDisconnect: z.enum(['continue', 'interrupt']).optional().meta({
      description:
        "What happens to the turn if the client disconnects; absent: `continue`, or with `stream` the stream endpoint's default",
    }),
  })
  .check(checkCommands)
  .refine(body => !(body.stream && body.background), {
    path: ['background'],
    message: 'cannot be combined with stream',
  })
  .refine(body => !(body.background && body.onDisconnect === 'interrupt'), {
    path: ['onDisconnect'],
    message: 'cannot be interrupt with background: no client waits for the answer',
  })
  .meta({ id: 'SendMessageRequest' })

export const retryTurnRequest = z
  .strictObject({
    timeout: timeout.unwrap().optional().meta({
      description:
        "Milliseconds from acceptance until the turn times out; 0: no timeout. Absent: the failed turn's timeout",
    }),
    background: z
      .boolean()
      .default(false)
      .meta({ description: 'Return 202 at once, and run the turn in the background' }),
    onDisconnect: z
      .enum(['continue', 'interrupt'])
      .default('continue')
      .meta({ description: 'What happens to the turn if the client disconnects before it has the answer' }),
  })
  .meta({ id: 'RetryTurnRequest' })

export const sendMessageResponse = z
  .strictObject({
    messageId: z.string().nullable().meta({ description: 'Id of the last assistant message' }),
    response: z.string().meta({ description: 'The final text' }),
    ...answerFields,
  })
  .meta({ id: 'SendMessageResponse' })

export const streamPointer = z
  .strictObject({
    message: z.string().meta({ description: 'A text for people' }),
    streamUrl: z.string().meta({ description: 'URL of the stream endpoint' }),
    method: z.literal('POST').meta({ description: 'Method of the request to send' }),
    headers: z
      .strictObject({
        'Content-Type': z.string().meta({ description: 'Media type of the body' }),
        Accept: z.string().meta({ description: 'Media type of the stream' }),
        'Idempotency-Key': z
          .string()
          .optional()
          .meta({ description: 'The key of this request, if it had one' }),
      })
      .meta({ description: 'Headers of the request to send, besides the API key' }),
    body: z
      .strictObject({
        prompt,
        timeout: z.int().meta({ description: 'As in this request' }),
        commands: z.boolean().optional().meta({ description: 'As in this request' }),
        onBusy: z.string().optional().meta({ description: 'As in this request' }),
        onDisconnect: z.string().optional().meta({ description: 'As in this request' }),
      })
      .meta({ description: 'Body of the request to send' }),
  })
  .meta({ id: 'StreamPointer', description: 'The request that streams the answer' })

export const backgroundAccepted = z
  .strictObject({
    turnId: turnIdentifier,
    sessionId: sessionIdentifier,
    status: z.literal('queued').meta({ description: 'Always `queued`, even if the turn starts at once' }),
    eventsUrl: z
      .string()
      .meta({ description: "URL of the session's event stream, with only the events of this turn" }),
    turnUrl: z.string().meta({ description: 'URL of the turn' }),
  })
  .meta({ id: 'BackgroundAccepted' })

export const streamMessageRequest = z
  .strictObject({
    prompt,
    timeout,
    onBusy,
    includeDeltas: z.boolean().default(false).meta({
      description: 'Also send what is only live: `delta` and `delta.voided` (pieces of messages), `activity`',
    }),
    view,
    commands,
    onDisconnect: z
      .enum(['interrupt', 'continue'])
      .default('interrupt')
      .meta({ description: 'What happens to the turn if the client disconnects before the stream ends' }),
  })
  .check(checkCommands)
  .meta({ id: 'StreamMessageRequest' })

export const listMessagesQuery = z
  .strictObject({
    ...pageParameters(1000, 100),
    after: integerParameter(0, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({ description: 'Only messages after this sequence' }),
    view,
  })
  .refine(query => query.after === undefined || query.offset === 0, {
    path: ['offset'],
    message: 'cannot be combined with after',
  })
  .refine(query => query.after === undefined || query.cursor === undefined, {
    path: ['cursor'],
    message: 'cannot be combined with after',
  })

export const storedMessage = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the message' }),
    type: z
      .string()
      .meta({ description: 'Type of the message, such as `user`, `assistant`, `system` or `result`' }),
    subtype: z
      .string()
      .nullable()
      .meta({ description: 'Subtype of the message, such as `init`; null: none' }),
    content: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The whole message, as Claude Code sent it' }),
    sequence: z.int().min(1).meta({ description: "Position of the message in the session's log" }),
    timestamp,
    source: z
      .enum(['user', 'sdk'])
      .meta({ description: "`user`: from the API's caller; `sdk`: from Claude Code" }),
    synthetic: z.literal(true).optional().meta({
      description:
        'Claude Code wrote this message of type `user` itself, such as the feedback of a hook, a request to continue, or the summary of a compaction; absent: false',
    }),
    turnId: identifier
      .nullable()
      .meta({ description: 'In the shared past of a fork: a turn of the original' }),
    rewound,
  })
  .meta({ id: 'StoredMessage', description: 'One record of the conversation' })

export const listMessagesResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    messages: z
      .array(z.union([storedMessage, compactMessage]))
      .meta({ description: 'The messages of this page' }),
    pagination,
  })
  .meta({ id: 'ListMessagesResponse' })

/** The body of `POST /sessions/:id/messages`; only `prompt` is required. */
export type SendMessageRequest = z.input<typeof sendMessageRequest>
export type RetryTurnRequest = z.input<typeof retryTurnRequest>
export type SendMessageResponse = z.infer<typeof sendMessageResponse>
export type StreamPointer = z.infer<typeof streamPointer>
export type BackgroundAccepted = z.infer<typeof backgroundAccepted>
export type StreamMessageRequest = z.input<typeof streamMessageRequest>
export type StoredMessage = z.infer<typeof storedMessage>
export type ListMessagesResponse = z.infer<typeof listMessagesResponse>
