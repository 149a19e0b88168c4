import { z } from 'zod'
import { identifier, idParameter } from './primitives.ts'

export const forkSessionRequest = z
  .strictObject({
    afterTurnId: idParameter.optional().meta({
      description: 'The last turn of the past that is shared; absent: the newest that has ended',
    }),
    title: z.string().max(500).nullable().optional().meta({
      description: 'Absent: that of the original',
    }),
  })
  .meta({ id: 'ForkSessionRequest' })

export const rewindSessionRequest = z
  .strictObject({
    toTurnId: idParameter.meta({ description: 'Back to before this turn' }),
    conversation: z
      .boolean()
      .default(true)
      .meta({ description: 'Claude forgets this turn and all after it' }),
    files: z
      .boolean()
      .default(false)
      .meta({ description: 'Files that Claude changed in this turn and after it get back what they held' }),
    overwriteOthers: z.boolean().default(false).meta({
      description: 'Also files that somebody else has changed since; what they changed is lost',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'Only say what would change' }),
  })
  .refine(({ conversation, files }) => conversation || files, {
    path: ['conversation'],
    message: 'one of conversation and files has to be true',
  })
  .refine(({ files, overwriteOthers }) => files || !overwriteOthers, {
    path: ['overwriteOthers'],
    message: 'means nothing without files',
  })
  .meta({ id: 'RewindSessionRequest' })

const changedLines = z.int().min(0).nullable()
export const rewoundFiles = z
  .strictObject({
    restored: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Relative to the working directory; absolute outside of it' }),
          action: z.enum(['modify', 'create', 'delete']).meta({
            description:
              '`modify`: gets back what it held; `create`: is there again; `delete`: was not there before',
          }),
          insertions: changedLines.meta({ description: 'Lines that it gains; null: it is no text' }),
          deletions: changedLines.meta({ description: 'Lines that it loses; null: it is no text' }),
        }),
      )
      .meta({ description: 'What was put back, or would be' }),
    skipped: z
      .array(
        z.strictObject({
          path: z.string(),
          reason: z
            .enum(['changed_by_others', 'too_large', 'lost', 'outside', 'not_writable', 'not_allowed'])
            .meta({
              description:
                '`changed_by_others`: somebody else has changed it since; `too_large`, `lost`: what it held is not kept; `outside`: it does not lie in the directories of the session any more; `not_allowed`: programs are started from it, and its directory is not trusted',
            }),
        }),
      )
      .meta({ description: 'Files that Claude has changed and that are left as they are' }),
    untracked: z
      .array(
        z.strictObject({
          turnId: identifier,
          toolUseId: z.string(),
          toolName: z.string(),
          input: z.string().meta({ description: 'The beginning of its input as JSON' }),
        }),
      )
      .meta({
        description:
          'Calls of Bash and of MCP tools: which files they changed is not known, and these are left as they are. The first 100',
      }),
  })
  .meta({ id: 'RewoundFiles' })

export const rewindSessionResponse = z
  .strictObject({
    sessionId: identifier,
    toTurnId: identifier,
    dryRun: z.boolean(),
    turnIds: z.array(identifier).meta({
      description: 'The turns that no longer count, oldest first; none unless the conversation is rewound',
    }),
    files: rewoundFiles.nullable().meta({ description: 'null when the files were not to be rewound' }),
  })
  .meta({ id: 'RewindSessionResponse' })

/** Where a fork comes from. */
export const forkedFrom = z
  .strictObject({
    sessionId: identifier,
    turnId: identifier
      .nullable()
      .meta({ description: 'The last turn of the past that is shared; null: nothing had been said' }),
  })
  .meta({ id: 'ForkedFrom' })

export const rewound = z
  .literal(true)
  .optional()
  .meta({ description: 'The conversation was rewound to before it; absent: it counts' })

export type ForkSessionRequest = z.input<typeof forkSessionRequest>
export type RewindSessionRequest = z.input<typeof rewindSessionRequest>
export type RewindSessionResponse = z.infer<typeof rewindSessionResponse>
export type RewoundFiles = z.infer<typeof rewoundFiles>
export type ForkedFrom = z.infer<typeof forkedFrom>
