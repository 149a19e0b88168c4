import type { CallerDirectory, KnownCaller } from './caller-directory.ts'
import { type ConfiguredKey, configuredKeys } from './configured-keys.ts'

/** All callers of a server, whatever they identify themselves with. */
export class Callers implements CallerDirectory {
  readonly #findConfigured: (credential: string) => KnownCaller | undefined

  constructor(keys: readonly ConfiguredKey[]) {
    this.#findConfigured = configuredKeys(keys)
  }

  get hasSeveralTenants(): boolean {
    return false
  }

  find(credential: string): KnownCaller | undefined {
    return this.#findConfigured(credential)
  }
}
