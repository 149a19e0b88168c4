import { z } from 'zod'
import { imageMediaTypes } from '../lib/media-type.ts'
import { rewound } from './branching.ts'
import { failureReasons } from './errors.ts'
import {
  createdBy,
  identifier,
  idParameter,
  integerParameter,
  sessionIdentifier,
  timestamp,
  turnIdentifier,
} from './primitives.ts'
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
    inputTokens: z.int().min(0).meta({ description: 'Input tokens, without those in the cache' }),
    outputTokens: z.int().min(0).meta({ description: 'Output tokens' }),
    cacheReadInputTokens: z.int().min(0).meta({ description: 'Input tokens that were read from the cache' }),
    cacheCreationInputTokens: z
      .int()
      .min(0)
      .meta({ description: 'Input tokens that were written to the cache' }),
  })
  .meta({ id: 'Usage', description: 'Tokens of this turn, over all models that it used' })

export const modelUsage = z
  .strictObject({
    model: z.string().meta({ description: 'Model id' }),
    ...usage.shape,
    costUsd: z.number().min(0).nullable().meta({ description: 'null: unknown' }),
    costComplete: z.boolean().meta({
      description:
        'false: the cost of some tokens is unknown and not in `costUsd`, for example if the process died',
    }),
    webSearchRequests: z.int().min(0).meta({ description: 'The number of web searches' }),
  })
  .meta({ id: 'ModelUsage', description: "One model's share, including subagents" })

export const permissionDenial = z
  .strictObject({
    toolName: z.string().meta({ description: 'Name of the tool' }),
    toolUseId: z.string().meta({ description: 'Id of the tool call' }),
    input: z.record(z.string(), z.unknown()).meta({ description: 'The input of the tool call' }),
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
    subtype: z.string().optional().meta({ description: "`subtype` of Claude Code's result" }),
    terminalReason: z.string().optional().meta({ description: "`terminal_reason` of Claude Code's result" }),
    stopReason: z.string().optional().meta({ description: "The model's stop reason" }),
    promptOutcome: z.string().optional().meta({ description: 'The decision of hooks on the prompt' }),
    noVerdict: z.string().optional().meta({ description: 'Why hooks gave no verdict on the prompt' }),
    error: z.string().optional().meta({ description: "Claude Code's name for the error" }),
    apiError: z
      .string()
      .optional()
      .meta({ description: "Claude Code's name for the error of the model's API" }),
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
  turnId: turnIdentifier,
  stopReason,
  usage: usage.nullable(),
  costUsd: z
    .number()
    .nullable()
    .meta({ description: 'The cost of this turn in US dollars, as estimated by Claude Code; null: unknown' }),
  durationMs: z.int().min(0).meta({ description: 'Milliseconds from start to end' }),
  ...findingFields,
}

export const turnError = z
  .strictObject({
    code: z
      .enum([
        'MESSAGE_SEND_FAILED',
        'AGENT_UNAVAILABLE',
        'MODEL_OVERLOADED',
        'MODEL_RATE_LIMITED',
        'SPEND_LIMIT_REACHED',
      ])
      .meta({ description: 'The error code' }),
    reason: z
      .enum(failureReasons)
      .meta({ description: 'Why the turn failed; docs/errors.md explains each reason' }),
    message: z.string().meta({ description: 'A text for people' }),
    retryAt: timestamp
      .optional()
      .meta({ description: "When the model's API accepts requests again; absent: unknown" }),
    ...retryAdvice,
  })
  .meta({ id: 'TurnError', description: 'Why the turn failed, and whether a retry can help' })

const attachmentSource = z
  .strictObject({
    type: z.literal('attachment'),
    attachmentId: identifier.toLowerCase().meta({ description: 'Id of the attachment' }),
  })
  .meta({
    id: 'AttachmentSource',
    description: 'An uploaded attachment; its content is inserted when Claude gets the prompt',
  })

export const promptBlock = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), text: z.string().min(1).meta({ description: 'The text' }) }),
    z.strictObject({
      type: z.literal('image'),
      source: z
        .discriminatedUnion('type', [
          z.strictObject({
            type: z.literal('base64'),
            media_type: z.enum(imageMediaTypes).meta({ description: 'Type of the image' }),
            data: z.base64().min(1).meta({ description: 'The image in base64' }),
          }),
          attachmentSource,
        ])
        .meta({ description: 'The image, or the attachment that has it' }),
    }),
    z.strictObject({
      type: z.literal('document'),
      title: z.string().max(500).optional().meta({ description: 'Title that Claude sees' }),
      source: z
        .discriminatedUnion('type', [
          z.strictObject({
            type: z.literal('base64'),
            media_type: z.literal('application/pdf'),
            data: z.base64().min(1).meta({ description: 'The PDF in base64' }),
          }),
          z.strictObject({
            type: z.literal('text'),
            media_type: z.literal('text/plain'),
            data: z.string().min(1).meta({ description: 'The text' }),
          }),
          attachmentSource,
        ])
        .meta({ description: 'The document, or the attachment that has it' }),
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
    turnId: turnIdentifier,
    sessionId: sessionIdentifier,
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
    createdBy,
    startedAt: timestamp.nullable().meta({ description: 'null: the turn has not started' }),
    endedAt: timestamp.nullable().meta({ description: 'null: the turn has not ended' }),
    durationMs: z.int().min(0).nullable().meta({ description: 'Milliseconds from start to end' }),
    firstSequence: z
      .int()
      .nullable()
      .meta({ description: "Position of the turn's first event in the session's log; null: none yet" }),
    lastSequence: z
      .int()
      .nullable()
      .meta({ description: "Position of the turn's last event in the session's log; null: none yet" }),
    ...findingFields,
    rewound,
  })
  .meta({ id: 'Turn', description: 'One prompt, and everything until Claude is done with it' })

/** The cursor parameter of a list: `nextCursor` of the previous page. */
const cursorParameter = z
  .string()
  .min(1)
  .max(1000)
  .optional()
  .meta({ description: '`nextCursor` of the previous page of the same list; not with `offset`' })

/** The parameters of a list that is read page by page. */
export function pageParameters(longest: number, usual: number) {
  return {
    limit: integerParameter(1, longest).default(usual).meta({ description: 'Entries per page' }),
    offset: integerParameter(0, 1_000_000_000)
      .default(0)
      .meta({ description: 'Entries to skip; `cursor` is safer while entries are added' }),
    cursor: cursorParameter,
  }
}

export const listTurnsQuery = z.strictObject(pageParameters(1000, 100))

export const pagination = z
  .strictObject({
    limit: z.int().meta({ description: 'The requested number of entries' }),
    offset: z.int().meta({ description: 'The number of entries before this page' }),
    total: z.int().meta({ description: 'The number of all entries' }),
    hasMore: z.boolean().meta({ description: 'Whether there are entries after this page' }),
    nextCursor: z.string().nullable().meta({
      description:
        'The `cursor` of the next page, which continues after the last item even if items change meanwhile; null: this is the last page',
    }),
  })
  .meta({ id: 'Pagination', description: 'The place of this page in the list' })

export const listTurnsResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    turns: z.array(turn).meta({ description: 'The turns of this page' }),
    pagination,
  })
  .meta({ id: 'ListTurnsResponse' })

export const interruptRequest = z
  .strictObject({
    turnId: idParameter.optional().meta({ description: 'Only this turn, whether running or waiting' }),
    clearQueue: z.boolean().default(false).meta({ description: 'Also cancel the waiting turns' }),
  })
  .meta({ id: 'InterruptRequest' })

export const interruptResponse = z
  .strictObject({
    interrupted: z.array(identifier).meta({ description: 'Turns that were running' }),
    cancelled: z.array(identifier).meta({ description: 'Turns that were waiting' }),
  })
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
