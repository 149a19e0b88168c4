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
  return key && { caller: operator(key.id), isValid: () => true }
}

/** Recognizes keys of the configuration, which administer the server and are valid as long as it runs. */
export function configuredKeys(
  keys: readonly ConfiguredKey[],
): (credential: string) => KnownCaller | undefined {
  const known = keys.map(({ id, hash: hexDigest }) => ({
    digest: Buffer.from(hexDigest, 'hex'),
    found: { caller: operator(id), isValid: () => true },
  }))
  return credential => {
    if (known.length === 0) return undefined
    const digest = hash('sha256', credential, 'buffer')
    let found: KnownCaller | undefined
    // Compares in constant time, no matter which key matches.
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.found
    return found
  }
}
