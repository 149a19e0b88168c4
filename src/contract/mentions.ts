import { z } from 'zod'

export const ignoredMention = z
  .strictObject({
    mention: z.string().meta({ description: 'The mention as written in the prompt, without the `@`' }),
    reason: z.enum(['outside', 'not_a_file', 'too_large', 'too_many']).meta({
      description:
        "Why the mention stays text: the file is outside the session's directories, it is not a regular file or directory, or it exceeds the limit",
    }),
  })
  .meta({ id: 'IgnoredMention', description: 'A file mention that was not followed' })

export type IgnoredMention = z.infer<typeof ignoredMention>
