import { z } from 'zod'
import { sessionIdentifier } from './primitives.ts'
import { modelUsage, usage } from './turns.ts'

export const sessionUsage = z
  .strictObject({
    sessionId: sessionIdentifier,
    turns: z.int().min(0).meta({ description: 'Turns that have started' }),
    activeMs: z.int().min(0).meta({
      description: 'The sum of the durations of turns and autonomous work; a running turn counts up to now',
    }),
    tokens: usage.meta({ description: 'All known tokens' }),
    tokensComplete: z.boolean().meta({
      description:
        'false: the tokens of some turn (a running or lost one) or of some autonomous work are not known',
    }),
    costUsd: z
      .number()
      .min(0)
      .meta({ description: 'The known cost in US dollars, as estimated by Claude Code' }),
    costComplete: z.boolean().meta({
      description:
        'false: some cost is not known and not in `costUsd`: of a turn that is running, was lost, was interrupted before its answer began, or whose process died; or of such autonomous work',
    }),
    betweenTurns: z
      .strictObject({
        times: z.int().min(0).meta({ description: 'How often Claude continued on its own' }),
        activeMs: z.int().min(0).meta({ description: 'The sum of the durations' }),
        tokens: usage,
        costUsd: z.number().min(0).meta({ description: 'The known cost in US dollars' }),
      })
      .meta({
        description: 'The part of these sums that belongs to no turn: autonomous work after background tasks',
      }),
    models: z.array(modelUsage).meta({
      description: 'The same per model, highest cost first; turns whose share is not known are left out',
    }),
  })
  .meta({ id: 'SessionUsage' })

export type SessionUsage = z.infer<typeof sessionUsage>
