import type { Caller } from '../sessions/records.ts'

/** A caller whose key or token has been recognized. */
export interface KnownCaller {
  readonly caller: Caller
  /** Whether the key or token still opens what it opened: it may have been revoked, or have expired. */
  isValid(): boolean
}

/** Finds callers by what they send. */
export interface CallerDirectory {
  /** Returns undefined for an unknown key. Never throws for any text. */
  find(credential: string): KnownCaller | undefined | Promise<KnownCaller | undefined>
  /** Whether there is more than one tenant, so that no data may be open to all. */
  readonly hasSeveralTenants: boolean
}
