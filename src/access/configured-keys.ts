import { hash, timingSafeEqual } from 'node:crypto'
import { operator } from '../sessions/records.ts'
import type { KnownCaller } from './caller-directory.ts'

/** An API key of the configuration as the server keeps it, without its text. */
export interface ConfiguredKey {
  /** Stable, safe to log and to store. */
  readonly id: string
  /** SHA-256 of the key, hexadecimal. */
  readonly hash: string
}

/** Recognizes a key of the configuration by its hash. */
export function recallConfigured(keys: readonly ConfiguredKey[], hash: string): KnownCaller | undefined {
  const key = keys.find(key => key.hash === hash)
  return key && toKnown(key)
}

function toKnown({ id, hash }: ConfiguredKey): KnownCaller {
  const caller = operator(id)
  const { tenantId, scopes } = caller
  const trace = { tenantId, createdBy: id, credentialHash: hash, scopes: [...scopes], token: null }
  return { caller, isValid: () => true, trace }
}

/** Recognizes keys of the configuration, which administer the server and are valid as long as it runs. */
export function configuredKeys(
  keys: readonly ConfiguredKey[],
): (credential: string) => KnownCaller | undefined {
  const known = keys.map(key => ({ digest: Buffer.from(key.hash, 'hex'), found: toKnown(key) }))
  return credential => {
    if (known.length === 0) return undefined
    const digest = hash('sha256', credential, 'buffer')
    let found: KnownCaller | undefined
    // Compares in constant time, no matter which key matches.
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.found
    return found
  }
}
