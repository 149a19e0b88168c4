import { z } from 'zod'
import { identifier, idParameter, sessionIdentifier, turnIdentifier } from './primitives.ts'

export const forkSessionRequest = z
  .strictObject({
    afterTurnId: idParameter.optional().meta({
      description: 'The last turn that the fork shares; absent: the newest turn that has ended',
    }),
    title: z.string().max(500).nullable().optional().meta({
      description: "Absent: the original's title",
    }),
  })
  .meta({ id: 'ForkSessionRequest' })

export const rewindSessionRequest = z
  .strictObject({
    toTurnId: idParameter.meta({
      description: 'The first turn that no longer counts: the session is rewound to the point before it',
    }),
    conversation: z
      .boolean()
      .default(true)
      .meta({ description: 'Claude forgets this turn and all later ones' }),
    files: z
      .boolean()
      .default(false)
      .meta({ description: 'Restore the files that Claude changed in this turn or later' }),
    overwriteOthers: z.boolean().default(false).meta({
      description: 'Also restore files that something else has changed since; those changes are lost',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'Only report what would change' }),
  })
  .refine(({ conversation, files }) => conversation || files, {
    path: ['conversation'],
    message: 'conversation or files must be true',
  })
  .refine(({ files, overwriteOthers }) => files || !overwriteOthers, {
    path: ['overwriteOthers'],
    message: 'requires files: true',
  })
  .meta({ id: 'RewindSessionRequest' })

const changedLines = z.int().min(0).nullable()
export const rewoundFiles = z
  .strictObject({
    restored: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Relative to the working directory; absolute outside it' }),
          action: z.enum(['modify', 'create', 'delete']).meta({
            description:
              '`modify`: the content is restored; `create`: the file exists again; `delete`: the file did not exist before',
          }),
          insertions: changedLines.meta({ description: 'Added lines; null: not a text file' }),
          deletions: changedLines.meta({ description: 'Removed lines; null: not a text file' }),
        }),
      )
      .meta({ description: 'Files that were restored; with `dryRun`, files that would be' }),
    skipped: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Relative to the working directory; absolute outside it' }),
          reason: z
            .enum(['changed_by_others', 'too_large', 'lost', 'outside', 'not_writable', 'not_allowed'])
            .meta({
              description:
                "`changed_by_others`: something else has changed it since; `too_large`, `lost`: the earlier content is not available; `outside`: it is no longer inside the session's directories; `not_allowed`: programs are started from this file, and its directory is not trusted",
            }),
        }),
      )
      .meta({ description: 'Files that Claude has changed but that are not restored' }),
    untracked: z
      .array(
        z.strictObject({
          turnId: turnIdentifier,
          toolUseId: z.string().meta({ description: 'Id of the tool call' }),
          toolName: z.string().meta({ description: 'Name of the tool' }),
          input: z.string().meta({ description: 'The beginning of the input as JSON' }),
        }),
      )
      .meta({
        description:
          'Calls of Bash and MCP tools, at most 100. The files that they changed are not known and are not restored',
      }),
  })
  .meta({ id: 'RewoundFiles', description: 'The files that a rewind restores, and those that it does not' })

export const rewindSessionResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    toTurnId: identifier.meta({ description: 'The first turn that no longer counts' }),
    dryRun: z.boolean().meta({ description: 'Whether nothing was changed, as requested' }),
    turnIds: z.array(identifier).meta({
      description: 'The turns that no longer count, oldest first; empty unless the conversation is rewound',
    }),
    files: rewoundFiles.nullable().meta({ description: 'null if `files` was false' }),
  })
  .meta({ id: 'RewindSessionResponse' })

/** The origin of a fork. */
export const forkedFrom = z
  .strictObject({
    sessionId: identifier.meta({ description: 'The session that was forked' }),
    turnId: identifier
      .nullable()
      .meta({ description: 'The last shared turn; null: the conversation was empty' }),
  })
  .meta({ id: 'ForkedFrom', description: 'The origin of a fork' })

export const rewound = z
  .literal(true)
  .optional()
  .meta({ description: 'The conversation was rewound to a point before it; absent: it still counts' })

export type ForkSessionRequest = z.input<typeof forkSessionRequest>
export type RewindSessionRequest = z.input<typeof rewindSessionRequest>
export type RewindSessionResponse = z.infer<typeof rewindSessionResponse>
export type RewoundFiles = z.infer<typeof rewoundFiles>
export type ForkedFrom = z.infer<typeof forkedFrom>
