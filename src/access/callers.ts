import type { CallerDirectory, KnownCaller } from './caller-directory.ts'
import { type ConfiguredKey, configuredKeys } from './configured-keys.ts'
import type { KeyRegistry } from './key-registry.ts'
import { readKeyId } from './key-text.ts'
import { looksLikeToken, type TokenCallers } from './tokens/token-callers.ts'

export interface CallersParts {
  /** Of the configuration. */
  keys: readonly ConfiguredKey[]
  /** Names of tenants of the configuration. */
  tenants: readonly string[]
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
    const { tenants, tokens, registry } = this.#parts
    return tenants.length > 0 || tokens?.hasOtherTenants === true || (registry?.hasOtherTenants ?? true)
  }

  find(credential: string, onRefused: (reason: string) => void) {
    const configured = this.#findConfigured(credential)
    if (configured) return configured
    const { registry, tokens } = this.#parts
    if (readKeyId(credential) !== undefined) {
      return registry ? registry.find(credential) : this.#findLater(credential)
    }
    return tokens && looksLikeToken(credential) ? tokens.find(credential, onRefused) : undefined
  }

  async #findLater(credential: string): Promise<KnownCaller | undefined> {
    await this.#parts.ready()
    return this.#parts.registry?.find(credential)
  }
}
