import { z } from 'zod'
import { forkedFrom } from './branching.ts'
import { compactParts } from './compact-messages.ts'
import { errorCodes } from './errors.ts'
import { ignoredMention } from './mentions.ts'
import { permissionFields } from './permissions.ts'
import { identifier, sessionIdentifier, timestamp, turnIdentifier } from './primitives.ts'
import { retryAdvice } from './retry.ts'
import { changeableSettings, settingSource } from './session-settings.ts'
import { permissionMode, titleSource } from './sessions.ts'
import { answerFields, findingFields, stopReason, turnError, turnStatus, usage } from './turns.ts'

/** All types of entries in a session's log. */
export const eventTypes = [
  'session.created',
  'session.updated',
  'session.rewound',
  'session.expired',
  'session.ended',
  'settings.restricted',
  'mentions.ignored',
  'conversation.lost',
  'workspace.restored',
  'turn.queued',
  'turn.started',
  'message',
  'permission.requested',
  'permission.resolved',
  'turn.completed',
  'turn.failed',
  'turn.interrupted',
  'turn.timed_out',
  'turn.lost',
] as const
export type EventType = (typeof eventTypes)[number]

/** The last event of a turn is one of these. */
export const terminalEventTypes = [
  'turn.completed',
  'turn.failed',
  'turn.interrupted',
  'turn.timed_out',
  'turn.lost',
] as const satisfies EventType[]
export type TerminalEventType = (typeof terminalEventTypes)[number]

export function isTerminalEventType(type: EventType): type is TerminalEventType {
  return (terminalEventTypes as readonly EventType[]).includes(type)
}

const envelope = {
  sessionId: sessionIdentifier,
  sequence: z
    .int()
    .min(1)
    .meta({ description: "Position of the event in the session's log; also the `id:` of the stream" }),
  timestamp,
}
const ofTurn = { ...envelope, turnId: turnIdentifier }
const ended = {
  ...ofTurn,
  status: turnStatus,
  endedAt: timestamp,
  durationMs: z
    .int()
    .min(0)
    .nullable()
    .meta({ description: 'Milliseconds from start to end; null: the turn never started' }),
}

const messageTurnId = identifier
  .optional()
  .meta({ description: 'Id of the turn; absent: the message belongs to no turn' })

/** `data` of each event of `GET /sessions/:id/events`; `event:` is the key. */
export const eventSchemas = {
  'session.created': z.strictObject({
    ...envelope,
    model: z.string().nullable().meta({ description: "The requested model; null: Claude Code's default" }),
    cwd: z.string().meta({ description: 'The working directory' }),
    permissionMode,
    title: z.string().nullable().meta({ description: 'The title; null: none' }),
    tags: z.array(z.string()).optional().meta({ description: 'The tags; absent: none' }),
    forkedFrom: forkedFrom.optional(),
  }),
  'session.updated': z.strictObject({
    ...envelope,
    title: z.string().nullable().optional().meta({ description: 'The new title; null: none' }),
    titleSource: titleSource
      .nullable()
      .optional()
      .meta({ description: 'Who gave the new title; null: there is none' }),
    metadata: z.record(z.string(), z.unknown()).optional().meta({ description: "The caller's new data" }),
    tags: z.array(z.string()).optional().meta({ description: 'The new tags, all of them' }),
    archived: z
      .boolean()
      .optional()
      .meta({ description: 'Whether it is archived from now on; a new turn sets it to false' }),
    model: z.string().nullable().optional().meta({ description: 'The new model; null: the default' }),
    permissionMode: permissionMode.optional(),
    maxTurns: z.int().nullable().optional().meta({ description: 'The new limit; null: unlimited' }),
    workingDirectory: z.string().optional().meta({ description: "The new directory of Claude's shell" }),
    ...changeableSettings,
  }),
  'session.rewound': z.strictObject({
    ...envelope,
    toTurnId: identifier.meta({ description: 'The first turn that no longer counts' }),
    conversation: z.boolean().meta({ description: 'Whether the conversation was rewound' }),
    files: z.boolean().meta({ description: 'Whether files were restored' }),
    turnIds: z.array(identifier).meta({ description: 'The turns that no longer count, oldest first' }),
    restored: z.array(z.string()).meta({ description: 'The restored files' }),
  }),
  'session.expired': z.strictObject(envelope),
  'session.ended': z.strictObject(envelope),
  'settings.restricted': z.strictObject({
    ...envelope,
    settingSources: z
      .array(settingSource)
      .meta({ description: 'The settings files that take effect from now on' }),
    ignored: z.array(settingSource).meta({
      description:
        'Settings files that took effect before or were requested. The server no longer allows them, or does not trust the directory. Instructions of `project` still apply',
    }),
  }),
  'mentions.ignored': z.strictObject({
    ...ofTurn,
    mentions: z.array(ignoredMention).meta({ description: 'The mentions that stay text' }),
  }),
  'conversation.lost': z.strictObject({
    ...envelope,
    extent: z.enum(['all', 'part']).meta({
      description:
        '`all`: Claude starts over and knows nothing of the conversation; `part`: it still knows the other turns',
    }),
    turnIds: z.array(identifier).meta({
      description: 'The turns that Claude no longer knows, oldest first; their messages are still listed',
    }),
  }),
  'workspace.restored': z.strictObject({
    ...envelope,
    source: z.enum(['snapshot', 'clone', 'empty']).meta({
      description:
        '`snapshot`: its files are those of a snapshot; `clone`: there was none, and the repository was cloned again; `empty`: there was none, and the directory is empty',
    }),
    takenAt: timestamp.nullable().meta({ description: 'When the snapshot was taken; null: there was none' }),
    turnCutOff: z.boolean().meta({
      description:
        'Whether a turn has worked after the snapshot: the files that it has changed since are lost',
    }),
    missingFiles: z.int().min(0).meta({
      description: 'The number of files of the snapshot whose content can no longer be read',
    }),
  }),
  'turn.queued': z.strictObject({
    ...ofTurn,
    status: turnStatus,
    reason: z
      .enum(['session_busy', 'no_free_process', 'limit_reached'])
      .optional()
      .meta({ description: 'Why the turn waits; absent if it starts at once' }),
  }),
  'turn.started': z.strictObject({ ...ofTurn, status: turnStatus, startedAt: timestamp }),
  message: z.union([
    z.strictObject({
      type: z.literal('claude_code_message').meta({ description: 'Always `claude_code_message`' }),
      ...envelope,
      turnId: messageTurnId,
      synthetic: z.literal(true).optional().meta({ description: 'As in the history' }),
      message: z
        .record(z.string(), z.unknown())
        .meta({ description: 'The whole message, as Claude Code sent it' }),
    }),
    z
      .strictObject({
        type: z.literal('compact_message').meta({ description: 'Always `compact_message`' }),
        ...envelope,
        turnId: messageTurnId,
        ...compactParts,
      })
      .meta({ description: 'With `view: "compact"`' }),
  ]),
  'permission.requested': z.strictObject({ ...envelope, ...permissionFields }),
  'permission.resolved': z.strictObject({ ...envelope, ...permissionFields }),
  'turn.completed': z.strictObject({
    ...ended,
    response: z.string().meta({ description: "Claude's final answer" }),
    stopReason,
    usage: usage.nullable(),
    costUsd: z.number().nullable().meta({
      description: 'The cost of this turn in US dollars, as estimated by Claude Code; null: unknown',
    }),
    ...findingFields,
  }),
  'turn.failed': z.strictObject({
    ...ended,
    response: z.string().nullable().optional().meta({ description: "Claude's text up to that point" }),
    error: turnError,
    usage: usage.nullable(),
    costUsd: z.number().nullable().meta({
      description: 'The cost of this turn in US dollars, as estimated by Claude Code; null: unknown',
    }),
    ...findingFields,
  }),
  'turn.interrupted': z.strictObject({
    ...ended,
    response: z.string().nullable().optional().meta({ description: "Claude's text up to that point" }),
    stopReason: stopReason.nullable(),
    usage: usage.nullable(),
    costUsd: z.number().nullable().meta({
      description: 'The cost of this turn in US dollars, as estimated by Claude Code; null: unknown',
    }),
    ...findingFields,
  }),
  'turn.timed_out': z.strictObject({
    ...ended,
    response: z.string().nullable().optional().meta({ description: "Claude's text up to that point" }),
    usage: usage.nullable(),
    costUsd: z.number().nullable().meta({
      description: 'The cost of this turn in US dollars, as estimated by Claude Code; null: unknown',
    }),
    ...findingFields,
  }),
  'turn.lost': z.strictObject({ ...ended, error: turnError }),
} as const satisfies Record<EventType, z.ZodType>

/** A piece of a message that is still being generated; never stored. */
export const deltaEvent = z
  .strictObject({
    turnId: turnIdentifier,
    messageId: z.string().meta({ description: "Id of the message in the model's API" }),
    blockIndex: z.int().min(0).meta({ description: 'Position of the content block in the message' }),
    delta: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text'), text: z.string().meta({ description: 'More text' }) }),
        z.strictObject({
          type: z.literal('thinking'),
          thinking: z.string().meta({ description: "More of Claude's thinking" }),
        }),
        z.strictObject({
          type: z.literal('input_json'),
          partialJson: z.string().meta({ description: "More of the JSON text of a tool's input" }),
          toolUseId: z.string().optional().meta({ description: 'Id of the tool call; absent: unknown' }),
          toolName: z.string().optional().meta({ description: 'Name of the tool; absent: unknown' }),
        }),
      ])
      .meta({ description: 'The piece, to be appended to the block' }),
  })
  .meta({
    id: 'DeltaEvent',
    description:
      'A piece of a message that is still being generated. A reader that joins in the middle of a block first gets everything so far as one piece',
  })

/** Withdraws the deltas of a block; never stored. */
export const deltaVoided = z
  .strictObject({
    turnId: turnIdentifier,
    messageId: z.string().meta({ description: "Id of the message in the model's API" }),
    blockIndex: z.int().min(0).meta({ description: 'Position of the content block in the message' }),
  })
  .meta({
    id: 'DeltaVoided',
    description:
      "The block will not become a message: the model's API broke off, and Claude Code sent the request again or gave up. Drop the text of its deltas. Ignore blocks that you do not know",
  })

export const streamConnected = z
  .strictObject({ sessionId: sessionIdentifier, turnId: turnIdentifier })
  .meta({ id: 'StreamConnected' })

export const streamComplete = z
  .strictObject({
    summary: z.string().meta({ description: 'The final text' }),
    ...answerFields,
  })
  .meta({ id: 'StreamComplete' })

export const streamError = z
  .strictObject({
    error: z.string().meta({ description: 'A text for people; programs read `code`' }),
    code: z.enum(errorCodes as [string, ...string[]]).meta({ description: 'The error code' }),
    details: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Facts about the error; docs/errors.md lists them by code' }),
    ...retryAdvice,
    turnId: turnIdentifier,
  })
  .meta({ id: 'StreamError' })

export const streamGap = z
  .strictObject({
    sessionId: sessionIdentifier,
    from: z.int().min(1).meta({ description: 'The first removed sequence' }),
    to: z.int().min(1).meta({ description: 'The last removed sequence' }),
  })
  .meta({
    id: 'StreamGap',
    description: 'The range of sequences that retention has removed, both ends inclusive',
  })

export const streamCaughtUp = z
  .strictObject({
    sessionId: sessionIdentifier,
    sequence: z.int().min(0).meta({ description: 'The sequence of the last stored event' }),
  })
  .meta({
    id: 'StreamCaughtUp',
    description: 'Everything up to this sequence has been sent; what follows is live',
  })

export const streamClosing = z
  .strictObject({ sessionId: sessionIdentifier })
  .meta({ id: 'StreamClosing', description: 'The server is shutting down; nothing follows' })

/** The data of each type of event, as `GET /sessions/:id/events` sends it. */
export type SessionEvents = { [T in EventType]: z.infer<(typeof eventSchemas)[T]> }
export type MessageEvent = SessionEvents['message']
export type DeltaEvent = z.infer<typeof deltaEvent>
export type DeltaVoided = z.infer<typeof deltaVoided>
export type Delta = DeltaEvent['delta']
export type StreamConnected = z.infer<typeof streamConnected>
export type StreamComplete = z.infer<typeof streamComplete>
export type StreamError = z.infer<typeof streamError>
export type StreamGap = z.infer<typeof streamGap>
