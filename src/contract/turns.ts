import { z } from 'zod'
import { imageMediaTypes } from '../lib/media-type.ts'
import { rewound } from './branching.ts'
import { failureReasons } from './errors.ts'
import { identifier, idParameter, integerParameter, timestamp } from './primitives.ts'
import { type RetryAdvice, retryAdvice } from './retry.ts'

export const turnStatuses = [
  'queued',
  'running',
  'requires_action',
  'completed',
  'failed',
  'interrupted',
  'timed_out',
  'lost',
  'cancelled',
] as const
export const turnStatus = z.enum(turnStatuses).meta({
  id: 'TurnStatus',
  description:
    '`lost`: the server ended while the turn ran, and its outcome is unknown; it is never run again automatically',
})

export const stopReason = z
  .enum([
    'end_turn',
    'max_turns',
    'budget',
    'refusal',
    'interrupted',
    'blocked',
    'stopped_by_hook',
    'stop_sequence',
    'max_tokens',
    'model_context_window_exceeded',
    'pause_turn',
    'compaction',
    'tool_deferred',
    'background_requested',
    'unknown',
  ])
  .meta({
    id: 'StopReason',
    description:
      'Why the turn ended. `blocked`: a hook blocked the prompt, and Claude never saw it; `stopped_by_hook`: a hook ended the turn; `max_tokens`, `stop_sequence`, `pause_turn`, `compaction`, `model_context_window_exceeded`: the stop reason of the model; `unknown`: a value that this server does not know, see `ending`. docs/turn-states.md lists all values',
  })

export const usage = z
  .strictObject({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    cacheReadInputTokens: z.int().min(0),
    cacheCreationInputTokens: z.int().min(0),
  })
  .meta({ id: 'Usage', description: 'Tokens of this turn, over all models that it used' })

export const modelUsage = z
  .strictObject({
    model: z.string(),
    ...usage.shape,
    costUsd: z.number().min(0).nullable().meta({ description: 'null: unknown' }),
    costComplete: z.boolean().meta({
      description:
        'false: the cost of some tokens is unknown and not in `costUsd`, for example if the process died',
    }),
    webSearchRequests: z.int().min(0),
  })
  .meta({ id: 'ModelUsage', description: "One model's share, including subagents" })

export const permissionDenial = z
  .strictObject({
    toolName: z.string(),
    toolUseId: z.string(),
    input: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'PermissionDenial', description: 'A tool call that was denied' })

const permissionDenials = z.array(permissionDenial).optional().meta({
  description:
    'Tool calls that were denied: by rules, by the permission mode, by a person, or because `permissionPrompts` is `deny`; absent: none',
})
const structuredOutput = z.unknown().optional().meta({
  description: "The answer as data that matches the session's `outputFormat`; absent without `outputFormat`",
})

const notice = z.string().optional().meta({
  description:
    'Texts of Claude Code itself, such as hook output or an error, which are not part of `response`; absent: none',
})
export const turnEnding = z
  .strictObject({
    subtype: z.string().optional(),
    terminalReason: z.string().optional(),
    stopReason: z.string().optional().meta({ description: "The model's stop reason" }),
    promptOutcome: z.string().optional().meta({ description: 'The decision of hooks on the prompt' }),
    noVerdict: z.string().optional().meta({ description: 'Why hooks gave no verdict on the prompt' }),
    error: z.string().optional(),
    apiError: z.string().optional(),
    apiErrorType: z.string().optional().meta({ description: "`error.type` of the model's API" }),
    apiErrorStatus: z.int().optional().meta({ description: "The HTTP status of the model's API" }),
  })
  .meta({
    id: 'TurnEnding',
    description:
      "How the turn ended, in Claude Code's own values, for logs and reports. Undocumented values may occur; programs read `stopReason` and the reason of the error",
  })
const ending = turnEnding.optional()

/** Fields that only some turns have. */
export const findingFields = { permissionDenials, structuredOutput, notice, ending }

/** The facts about the turn in the response to a send and in the last event of a stream. */
export const answerFields = {
  sessionId: z.string().meta({
    deprecated: true,
    description:
      "Claude Code's id of the conversation, same as `claudeSessionId`. Only here and in `complete`, `sessionId` is not the id of the API's session. Use `claudeSessionId`, or the id in the path",
  }),
  claudeSessionId: z.string().meta({ description: "Claude Code's id of the conversation" }),
  turnId: identifier,
  stopReason,
  usage: usage.nullable(),
  costUsd: z.number().nullable(),
  durationMs: z.int().min(0),
  ...findingFields,
}

export const turnError = z
  .strictObject({
    code: z.enum(['MESSAGE_SEND_FAILED', 'AGENT_UNAVAILABLE', 'MODEL_OVERLOADED', 'MODEL_RATE_LIMITED']),
    reason: z.enum(failureReasons),
    message: z.string(),
    retryAt: timestamp
      .optional()
      .meta({ description: "When the model's API accepts requests again; absent: unknown" }),
    ...retryAdvice,
  })
  .meta({ id: 'TurnError' })

const attachmentSource = z
  .strictObject({ type: z.literal('attachment'), attachmentId: identifier.toLowerCase() })
  .meta({
    id: 'AttachmentSource',
    description: 'An uploaded attachment; its content is inserted when Claude gets the prompt',
  })

export const promptBlock = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), text: z.string().min(1) }),
    z.strictObject({
      type: z.literal('image'),
      source: z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('base64'),
          media_type: z.enum(imageMediaTypes),
          data: z.base64().min(1),
        }),
        attachmentSource,
      ]),
    }),
    z.strictObject({
      type: z.literal('document'),
      title: z.string().max(500).optional(),
      source: z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('base64'),
          media_type: z.literal('application/pdf'),
          data: z.base64().min(1),
        }),
        z.strictObject({
          type: z.literal('text'),
          media_type: z.literal('text/plain'),
          data: z.string().min(1),
        }),
        attachmentSource,
      ]),
    }),
  ])
  .meta({
    id: 'PromptBlock',
    description:
      'A content block of the Messages API, or a block that refers to an attachment of the session',
  })

export const prompt = z
  .union([
    z.string().refine(text => text.trim().length > 0, { message: 'must not be empty' }),
    z.array(promptBlock).min(1).max(100),
  ])
  .meta({ id: 'Prompt', description: 'A text, or content blocks' })

export const turn = z
  .strictObject({
    turnId: identifier,
    sessionId: identifier,
    status: turnStatus,
    prompt,
    commands: z.literal(true).optional().meta({
      description:
        'Slash commands and file mentions in the prompt were processed; absent: they were plain text',
    }),
    response: z.string().nullable().meta({
      description:
        "Claude's final answer: the text of its last message, including all parts of an answer that was cut off and continued. Also present for turns that failed or were interrupted; null: no text, or the turn has not ended",
    }),
    stopReason: stopReason.nullable(),
    error: turnError.nullable(),
    usage: usage.nullable(),
    costUsd: z
      .number()
      .nullable()
      .meta({ description: 'The cost of this turn in US dollars, as estimated by Claude Code' }),
    modelUsage: z
      .array(modelUsage)
      .nullable()
      .meta({ description: 'The share of each model; null: unknown' }),
    createdAt: timestamp,
    startedAt: timestamp.nullable(),
    endedAt: timestamp.nullable(),
    durationMs: z.int().min(0).nullable().meta({ description: 'Milliseconds from start to end' }),
    firstSequence: z.int().nullable(),
    lastSequence: z.int().nullable(),
    ...findingFields,
    rewound,
  })
  .meta({ id: 'Turn' })

/** The cursor parameter of a list: `nextCursor` of the previous page. */
export const cursorParameter = z
  .string()
  .min(1)
  .max(1000)
  .optional()
  .meta({ description: '`nextCursor` of the previous page of the same list; not with `offset`' })

export const listTurnsQuery = z.strictObject({
  cursor: cursorParameter,
  limit: integerParameter(1, 1000).default(100),
  offset: integerParameter(0, 1_000_000_000).default(0),
})

export const pagination = z
  .strictObject({
    limit: z.int(),
    offset: z.int(),
    total: z.int(),
    hasMore: z.boolean(),
    nextCursor: z.string().nullable().meta({
      description:
        'The `cursor` of the next page, which continues after the last item even if items change meanwhile; null: this is the last page',
    }),
  })
  .meta({ id: 'Pagination' })

export const listTurnsResponse = z
  .strictObject({ sessionId: identifier, turns: z.array(turn), pagination })
  .meta({ id: 'ListTurnsResponse' })

export const interruptRequest = z
  .strictObject({
    turnId: idParameter.optional().meta({ description: 'Only this turn, whether running or waiting' }),
    clearQueue: z.boolean().default(false).meta({ description: 'Also cancel the waiting turns' }),
  })
  .meta({ id: 'InterruptRequest' })

export const interruptResponse = z
  .strictObject({ interrupted: z.array(identifier), cancelled: z.array(identifier) })
  .meta({ id: 'InterruptResponse' })

export type TurnStatus = z.infer<typeof turnStatus>
export type StopReason = z.infer<typeof stopReason>
export type TurnEnding = z.infer<typeof turnEnding>
export type Usage = z.infer<typeof usage>
export type ModelUsage = z.infer<typeof modelUsage>
export type PermissionDenial = z.infer<typeof permissionDenial>
export type TurnError = z.infer<typeof turnError>
/** The stored error of a turn; the advice on retrying is derived from it. */
export type TurnFailure = Omit<TurnError, keyof RetryAdvice>
export type Prompt = z.infer<typeof prompt>
export type PromptBlock = z.infer<typeof promptBlock>
export type Turn = z.infer<typeof turn>
export type ListTurnsResponse = z.infer<typeof listTurnsResponse>
export type InterruptRequest = z.input<typeof interruptRequest>
export type InterruptResponse = z.infer<typeof interruptResponse>
export type Pagination = z.infer<typeof pagination>
