import type { Caller } from '../sessions/records.ts'
import type { CallerDirectory, CredentialTrace, KnownCaller } from './caller-directory.ts'
import { type ConfiguredKey, configuredKeys, recallConfigured } from './configured-keys.ts'
import type { KeyRegistry } from './key-registry.ts'
import { readKeyId } from './key-text.ts'
import { hasSeveralTenants, type TenantSources } from './several-tenants.ts'
import { looksLikeToken, type TokenCallers } from './tokens/token-callers.ts'

export interface CallersParts {
  /** Of the configuration. */
  keys: readonly ConfiguredKey[]
  /** The configuration of tenants. */
  sources: TenantSources
  /** Of an identity provider; undefined: none are accepted. */
  tokens?: TokenCallers | undefined
  /** Undefined until it is open. */
  readonly registry: KeyRegistry | undefined
  /** Resolves when the registry is open. */
  ready(): Promise<void>
}

/** All callers of a server, whatever they identify themselves with. */
export class Callers implements CallerDirectory {
  readonly #parts: CallersParts
  readonly #findConfigured: (credential: string) => KnownCaller | undefined

  constructor(parts: CallersParts) {
    this.#parts = parts
    this.#findConfigured = configuredKeys(parts.keys)
  }

  get hasSeveralTenants(): boolean {
    const { sources, registry } = this.#parts
    // Before the keys are known, nothing is open that might have to be closed.
    return registry === undefined || hasSeveralTenants(sources, registry)
  }

  isToken(credential: string): boolean {
    return this.#parts.tokens !== undefined && looksLikeToken(credential)
  }

  find(credential: string, onRefused: (reason: string) => void) {
    const configured = this.#findConfigured(credential)
    if (configured) return configured
    const { registry, tokens } = this.#parts
    const id = readKeyId(credential)
    if (id !== undefined) {
      const known = registry?.find(id, credential)
      return known || (registry && !registry.refresh) ? known : this.#findLater(id, credential)
    }
    return this.isToken(credential) ? tokens?.find(credential, onRefused) : undefined
  }

  rememberToken(credential: string, caller: Caller) {
    return this.isToken(credential) ? (this.#parts.tokens?.remember(caller) ?? null) : null
  }

  recall(trace: CredentialTrace): KnownCaller | undefined {
    const { keys, tokens, registry } = this.#parts
    if (trace.token) return tokens?.recall(trace)
    const { createdBy, credentialHash, tenantId, scopes } = trace
    const known = recallConfigured(keys, credentialHash) ?? registry?.findByHash(createdBy, credentialHash)
    const isAsBefore =
      known?.caller.tenantId === tenantId &&
      known.caller.keyId === createdBy &&
      scopes.every(scope => known.caller.scopes.has(scope))
    return isAsBefore ? known : undefined
  }

  async #findLater(id: string, credential: string): Promise<KnownCaller | undefined> {
    await this.#parts.ready()
    return this.#parts.registry?.findAfresh(id, credential)
  }

  async recallAfresh(trace: CredentialTrace): Promise<KnownCaller | undefined> {
    const known = this.recall(trace)
    const { registry } = this.#parts
    if (known || !registry?.refresh) return known
    await registry.refresh()
    return this.recall(trace)
  }
}
