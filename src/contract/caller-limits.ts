import { z } from 'zod'

const most = 1_000_000

/** The limits of one key or of one tenant; an absent limit does not apply. */
export const callerLimits = z
  .strictObject({
    requestsPerMinute: z.int().min(1).max(most).optional().meta({
      description: 'Requests in a minute, of any kind. Counted in memory: a restart begins anew',
    }),
    activeSessions: z.int().min(1).max(most).optional().meta({
      description: 'Sessions that have not ended',
    }),
    runningTurns: z.int().min(1).max(most).optional().meta({
      description: 'Turns that run at once; more turns are accepted and wait',
    }),
    turnsPerHour: z.int().min(1).max(most).optional().meta({
      description: 'Turns that are accepted within 60 minutes',
    }),
    spendPerDayUsd: z.number().positive().max(most).optional().meta({
      description: 'The cost of a day (UTC), in US dollars as estimated by Claude Code',
    }),
    spendPerMonthUsd: z.number().positive().max(most).optional().meta({
      description: 'The cost of a calendar month (UTC), in US dollars as estimated by Claude Code',
    }),
  })
  .meta({ id: 'CallerLimits' })

export type CallerLimits = z.infer<typeof callerLimits>
export type CallerLimitName = keyof CallerLimits

export const callerLimitNames = Object.keys(callerLimits.shape) as CallerLimitName[]

/** Returns a limit that `given` exceeds or lacks while `own` has it; undefined: `own` may grant `given`. */
export function findWiderLimit(given: CallerLimits, own: CallerLimits): CallerLimitName | undefined {
  return callerLimitNames.find(name => {
    const bound = own[name]
    return bound !== undefined && (given[name] ?? Number.POSITIVE_INFINITY) > bound
  })
}
