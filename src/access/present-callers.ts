import type { Scope } from '../contract/scopes.ts'
import type { CallerStanding } from '../sessions/ports/index.ts'
import { allScopes } from '../sessions/records.ts'
import { anonymousKeyId } from './caller-directory.ts'
import { type KeyRegistry, statusOf } from './key-registry.ts'

/** The ways in which a server identifies callers; the resolved configuration satisfies it. */
export interface AcceptedCallers {
  enabled: boolean
  keys: readonly { id: string }[]
  /** Undefined: no tokens are accepted. */
  tokens: object | undefined
  /** Undefined: keys identify callers. */
  authenticate: unknown
}

/** The present rights of callers: see the port `CallerStanding`. */
export class PresentCallers implements CallerStanding {
  readonly #accepted: AcceptedCallers
  readonly #registry: KeyRegistry

  constructor(accepted: AcceptedCallers, registry: KeyRegistry) {
    this.#accepted = accepted
    this.#registry = registry
  }

  scopesOf(keyId: string, keyVersion: string | null): ReadonlySet<Scope> | undefined {
    const { enabled, keys, tokens, authenticate } = this.#accepted
    if (!enabled) return keyId === anonymousKeyId ? allScopes : undefined
    // The host application and the provider are not asked again: what these callers get ends at a time.
    if (authenticate) return keyId.startsWith('host:') ? allScopes : undefined
    if (keyId.startsWith('token_')) return tokens && allScopes
    if (keys.some(({ id }) => id === keyId)) return allScopes
    return this.#scopesOfStored(keyId, keyVersion)
  }

  #scopesOfStored(keyId: string, keyVersion: string | null): ReadonlySet<Scope> | undefined {
    const key = this.#registry.get(keyId)
    const now = Date.now()
    if (!key || keyVersion === null || statusOf(key, now) !== 'active') return undefined
    const opens =
      key.hash === keyVersion || (key.previousHash === keyVersion && (key.previousUntil ?? 0) > now)
    return opens ? new Set(key.scopes) : undefined
  }
}
