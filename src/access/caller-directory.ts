import type { ConsoleLoginRecord, RememberedToken } from '../sessions/ports/index.ts'
import type { Caller } from '../sessions/records.ts'

/** Who makes requests while keys are off. */
export const anonymousKeyId = 'anonymous'

/** A caller whose key or token has been recognized. */
export interface KnownCaller {
  readonly caller: Caller
  /** Whether the key or token still opens what it opened: it may have been revoked, or have expired. */
  isValid(): boolean
  /** How other nodes know the caller again; undefined: only its request can vouch for it. */
  readonly trace?: CredentialTrace | undefined
}

/** The trace of a key or token by which its caller is known again without it. */
export type CredentialTrace = Pick<
  ConsoleLoginRecord,
  'tenantId' | 'createdBy' | 'credentialHash' | 'scopes' | 'token'
>

/** Finds callers by what they send. */
export interface CallerDirectory {
  /**
   * Returns undefined for an unknown key or a refused token. Fails only if it cannot be decided which, never for a text.
   *
   * @param onRefused gets the reason for which a token is refused, for the log only
   * @throws ServiceError IDENTITY_PROVIDER_UNAVAILABLE, STORE_UNAVAILABLE
   */
  find(
    credential: string,
    onRefused: (reason: string) => void,
  ): KnownCaller | undefined | Promise<KnownCaller | undefined>
  /** The trace to keep of a token that has been recognized; null: it is a key, which can be looked up. */
  rememberToken(credential: string, caller: Caller): RememberedToken | null
  /** The caller of a key or token that was recognized before; undefined: it no longer opens all that it opened then. */
  recall(trace: CredentialTrace): KnownCaller | undefined
  /** As `recall`, also for a key that another node may have made or changed just now. */
  recallAfresh(trace: CredentialTrace): Promise<KnownCaller | undefined>
  /** Whether a credential is judged by its signature, which cannot be guessed. */
  isToken(credential: string): boolean
  /** Whether there is more than one tenant, so that no data may be open to all. */
  readonly hasSeveralTenants: boolean
}
