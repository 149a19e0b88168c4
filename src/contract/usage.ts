import { z } from 'zod'
import { identifier } from './primitives.ts'
import { modelUsage, usage } from './turns.ts'

export const sessionUsage = z
  .strictObject({
    sessionId: identifier,
    turns: z.int().min(0).meta({ description: 'Turns that have begun' }),
    activeMs: z
      .int()
      .min(0)
      .meta({ description: 'How long turns ran, added up; one that runs counts up to now' }),
    tokens: usage.meta({ description: 'Tokens of all turns of which they are known' }),
    tokensComplete: z
      .boolean()
      .meta({ description: 'false: of some turn nothing is known, such as one that runs or was lost' }),
    costUsd: z
      .number()
      .min(0)
      .meta({ description: "What is known of the cost, by Claude Code's estimate, in US dollars" }),
    costComplete: z.boolean().meta({
      description:
        'false: the cost of some tokens is not known and not in `costUsd`: of a turn that runs, was lost, was called off before its answer began, or whose process died',
    }),
    models: z.array(modelUsage).meta({
      description:
        'The same by model, those with the highest cost first; turns whose share is not known are left out',
    }),
  })
  .meta({ id: 'SessionUsage' })

export type SessionUsage = z.infer<typeof sessionUsage>
