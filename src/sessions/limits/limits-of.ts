import type { CallerLimitName, CallerLimits } from '../../contract/caller-limits.ts'
import { ServiceError } from '../../contract/errors.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Caller } from '../records.ts'

/** Whom a limit counts for. */
export type LimitedCaller = Pick<Caller, 'tenantId' | 'keyId'>

/** The limits of a caller's key and of its tenant, as they are now; undefined: none. */
export type LimitsOf = (caller: LimitedCaller) => {
  key?: CallerLimits | undefined
  tenant?: CallerLimits | undefined
}

export const levels = ['key', 'tenant'] as const
export type LimitLevel = (typeof levels)[number]

/** Names the counter of a caller at a level. */
export function counterOf(level: LimitLevel, { tenantId, keyId }: LimitedCaller): string {
  return level === 'tenant' ? tenantId : JSON.stringify([tenantId, keyId])
}

interface Reached {
  name: CallerLimitName
  level: LimitLevel
  limit: number
  used: number
  /** In milliseconds since 1970; undefined: not known. */
  freesAt?: number | undefined
}

const nouns = {
  requestsPerMinute: 'requests in a minute',
  activeSessions: 'active sessions',
  runningTurns: 'running turns',
  turnsPerHour: 'turns in an hour',
  spendPerDayUsd: 'US dollars a day',
  spendPerMonthUsd: 'US dollars a month',
} as const satisfies Record<CallerLimitName, string>

/** The error of a caller that has reached a limit other than of what it spends. */
export function limitReached(reached: Reached): ServiceError<'CALLER_LIMIT_REACHED'> {
  const { name: limitName, level, limit, used, freesAt } = reached
  return new ServiceError('CALLER_LIMIT_REACHED', describe(reached), {
    limitName,
    level,
    limit,
    used,
    ...(freesAt !== undefined && { retryAt: toTimestamp(freesAt) }),
  })
}

export function spendLimitReached(
  reached: Reached & { freesAt: number },
): ServiceError<'SPEND_LIMIT_REACHED'> {
  const { name: limitName, level, limit, used, freesAt } = reached
  const retryAt = toTimestamp(freesAt)
  return new ServiceError('SPEND_LIMIT_REACHED', describe(reached), {
    limitName,
    level,
    limit,
    used,
    retryAt,
  })
}

function describe({ name, level, limit, used, freesAt }: Reached): string {
  const whose = level === 'key' ? 'The key' : 'The tenant'
  const until = freesAt === undefined ? '' : `; this frees at ${toTimestamp(freesAt)}`
  return `${whose} has used ${used} of its ${limit} ${nouns[name]} (${name})${until}`
}
