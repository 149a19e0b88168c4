import { z } from 'zod'
import { tenantName } from '../contract/primitives.ts'
import { scope } from '../contract/scopes.ts'
import { toPath } from '../lib/json-flaws.ts'
import { toPlainName } from '../lib/plain-name.ts'
import type { KnownCaller } from './caller-directory.ts'

/** A caller as the host application describes it. */
const hostCaller = z.strictObject({
  tenant: tenantName,
  subject: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters'),
  scopes: z.array(scope),
  sessionId: z.string().min(1).max(200).toLowerCase().nullish(),
  name: z.string().nullish(),
  expiresAt: z
    .union([z.date(), z.int().min(0).max(8.64e15)], 'must be a date or milliseconds since 1970')
    .nullish(),
  isValid: z.custom<() => unknown>(value => typeof value === 'function', 'must be a function').optional(),
})

/** The reason for which a result of `auth.authenticate` is not a caller, for the log. */
export class InvalidCaller extends Error {
  override readonly name = 'InvalidCaller'
}

/**
 * Checks the caller that the host application has returned.
 *
 * @param onFault gets the reason if `isValid` fails later; the caller then counts as not valid
 * @throws InvalidCaller that names the field
 */
export function toHostCaller(result: unknown, onFault: (problem: string) => void): KnownCaller {
  const parsed = hostCaller.safeParse(result)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = issue?.code === 'unrecognized_keys' ? [issue.keys[0] ?? ''] : (issue?.path ?? [])
    throw new InvalidCaller([toPath(path), issue?.message].filter(Boolean).join(': '))
  }
  const { tenant, subject, scopes, sessionId = null, name, expiresAt, isValid } = parsed.data
  const endsAt = expiresAt == null ? null : Number(expiresAt)
  return {
    caller: {
      tenantId: tenant,
      // Tenants cannot contain a colon, and no id of a key does.
      keyId: `host:${tenant}:${subject}`,
      name: name == null ? null : toPlainName(name).slice(0, 200),
      scopes: new Set(scopes),
      sessionId,
      isOperator: false,
      expiresAt: endsAt,
    },
    isValid: () => (endsAt === null || Date.now() < endsAt) && (isValid ? holds(isValid, onFault) : true),
  }
}

function holds(isValid: () => unknown, onFault: (problem: string) => void): boolean {
  try {
    const answer = isValid()
    if (typeof answer === 'boolean') return answer
    onFault('isValid must return true or false')
  } catch (error) {
    onFault(`isValid failed: ${(error as Error)?.message}`)
  }
  return false
}
