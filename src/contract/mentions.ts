import { z } from 'zod'

export const ignoredMention = z
  .strictObject({
    mention: z.string().meta({ description: 'As the prompt has it, without the `@`' }),
    reason: z.enum(['outside', 'not_a_file', 'too_large', 'too_many']).meta({
      description:
        "Why it stays text: it lies outside the session's directories, it is not a regular file or a directory, or there is no room for it",
    }),
  })
  .meta({ id: 'IgnoredMention' })

export type IgnoredMention = z.infer<typeof ignoredMention>
