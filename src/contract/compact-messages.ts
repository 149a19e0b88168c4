import { z } from 'zod'
import { rewound } from './branching.ts'
import { identifier, timestamp } from './primitives.ts'

/** How messages are shown. */
export const view = z.enum(['raw', 'compact']).default('raw').meta({
  description:
    '`raw`: messages as Claude Code sends them; `compact`: what a person reads of them (`CompactMessage`). Messages with nothing to read are left out, so a page may have fewer than `limit`',
})

/** Longer results of tools are shortened. */
export const longestResult = 4_000

const file = z.strictObject({
  kind: z.enum(['image', 'document']).meta({ description: 'Kind of the file' }),
  title: z.string().nullable().meta({ description: 'Title of a document; null: none' }),
})

/** The parts of a message that a person reads. */
export const compactParts = {
  role: z.enum(['user', 'assistant']).meta({ description: 'Results of tools come with the role `user`' }),
  subagent: z.literal(true).optional().meta({ description: 'It belongs to a subagent; absent: false' }),
  text: z.string().optional().meta({ description: 'The text of the message; absent: none' }),
  tools: z
    .array(
      z.strictObject({
        id: z.string().meta({ description: 'Id of the call' }),
        name: z.string().meta({ description: 'Name of the tool' }),
        summary: z
          .string()
          .meta({ description: 'The part of the input that tells most, such as the command or the path' }),
      }),
    )
    .optional()
    .meta({ description: 'The tools that Claude calls' }),
  results: z
    .array(
      z.strictObject({
        toolId: z.string().meta({ description: 'The `id` of the call' }),
        text: z.string().meta({ description: `At most ${longestResult.toLocaleString('en-US')} characters` }),
        error: z.literal(true).optional().meta({ description: 'The call failed; absent: false' }),
        shortened: z.literal(true).optional().meta({ description: '`text` is not all; absent: false' }),
      }),
    )
    .optional()
    .meta({ description: 'The results of tools' }),
  files: z.array(file).optional().meta({ description: 'Images and documents in the message' }),
}

export const compactMessage = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the message' }),
    sequence: z.int().min(1).meta({ description: "Position of the message in the session's log" }),
    timestamp,
    turnId: identifier
      .nullable()
      .meta({ description: 'Id of the turn; null: the message belongs to no turn' }),
    ...compactParts,
    rewound,
  })
  .meta({ id: 'CompactMessage', description: 'The parts of a message that a person reads' })

export type CompactMessage = z.infer<typeof compactMessage>
export type View = z.infer<typeof view>
