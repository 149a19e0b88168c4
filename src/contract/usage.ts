import { z } from 'zod'
import { identifier } from './primitives.ts'
import { modelUsage, usage } from './turns.ts'

export const sessionUsage = z
  .strictObject({
    sessionId: identifier,
    turns: z.int().min(0).meta({ description: 'Turns that have begun' }),
    activeMs: z.int().min(0).meta({
      description:
        'How long turns ran, and Claude went on by itself between them, added up; a turn that runs counts up to now',
    }),
    tokens: usage.meta({ description: 'All tokens of which is known' }),
    tokensComplete: z.boolean().meta({
      description:
        'false: of some turn nothing is known, such as one that runs or was lost, or of some work between turns',
    }),
    costUsd: z
      .number()
      .min(0)
      .meta({ description: "What is known of the cost, by Claude Code's estimate, in US dollars" }),
    costComplete: z.boolean().meta({
      description:
        'false: the cost of some tokens is not known and not in `costUsd`: of a turn that runs, was lost, was called off before its answer began, or whose process died; or of such work between turns',
    }),
    betweenTurns: z
      .strictObject({
        times: z.int().min(0).meta({ description: 'How often it went on by itself' }),
        activeMs: z.int().min(0),
        tokens: usage,
        costUsd: z.number().min(0),
      })
      .meta({
        description:
          'What is in these sums and in no turn: what Claude did by itself because a background task had ended',
      }),
    models: z.array(modelUsage).meta({
      description:
        'The same by model, those with the highest cost first; turns whose share is not known are left out',
    }),
  })
  .meta({ id: 'SessionUsage' })

export type SessionUsage = z.infer<typeof sessionUsage>
