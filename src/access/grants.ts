import { type CallerLimits, findWiderLimit } from '../contract/caller-limits.ts'
import { ServiceError } from '../contract/errors.ts'
import type { Scope } from '../contract/scopes.ts'
import type { Caller } from '../sessions/records.ts'

/** The rights of a key: its scopes, its limits and its time. */
export interface Grant {
  scopes: readonly Scope[]
  limits: CallerLimits
  expiresAt: number | null
}

/**
 * Refuses a grant beyond what the granter has itself.
 *
 * @param own the limits of the granter's key
 * @throws ServiceError GRANT_NOT_ALLOWED that names the field
 */
export function checkGrant(granter: Caller, own: CallerLimits, grant: Grant): void {
  const missing = grant.scopes.find(scope => !granter.scopes.has(scope))
  if (missing !== undefined) throw refuse('scopes', `the scope ${missing}, which your key lacks`)
  const limit = findWiderLimit(grant.limits, own)
  if (limit !== undefined) throw refuse(`limits.${limit}`, `more than your own limit of ${own[limit]}`)
  if (granter.expiresAt !== null && (grant.expiresAt ?? Number.POSITIVE_INFINITY) > granter.expiresAt) {
    throw refuse('expiresAt', 'a time after your own key expires')
  }
}

/** Whether a change lets a key do something that it could not do before, or for longer. */
export function widens(before: Grant, after: Grant): boolean {
  return (
    !after.scopes.every(scope => before.scopes.includes(scope)) ||
    findWiderLimit(after.limits, before.limits) !== undefined ||
    (after.expiresAt ?? Number.POSITIVE_INFINITY) > (before.expiresAt ?? Number.POSITIVE_INFINITY)
  )
}

function refuse(field: string, excess: string): ServiceError<'GRANT_NOT_ALLOWED'> {
  return new ServiceError('GRANT_NOT_ALLOWED', `${field}: this would grant ${excess}`, { field })
}
