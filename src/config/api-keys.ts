import { createHash } from 'node:crypto'
import { ConfigError } from '../lib/config-error.ts'
import type { Environment } from './env.ts'

/** An API key as the server keeps it, without its text. */
export interface ResolvedApiKey {
  /** The first characters of the hash: stable across starts and safe to log. */
  readonly id: string
  /** SHA-256, hexadecimal. */
  readonly hash: string
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export function toApiKey(hash: string): ResolvedApiKey {
  return { id: hash.slice(0, 8), hash }
}

/** Finds the keys in the environment, each with the name of its variable. */
export function findKeysInEnvironment(env: Environment): { name: string; key: string }[] {
  const numbered = Object.keys(env)
    .filter(name => /^CLAUDE_API_KEY_\d+$/.test(name))
    .sort((a, b) => Number(a.slice(15)) - Number(b.slice(15)))
  const lists = [
    { name: 'CLAUDE_API_KEY', keys: [env.CLAUDE_API_KEY] },
    { name: 'CLAUDE_API_KEYS', keys: env.CLAUDE_API_KEYS?.split(',') ?? [] },
    ...numbered.map(name => ({ name, keys: [env[name]] })),
  ]
  return lists.flatMap(({ name, keys }) =>
    keys.flatMap(key => (key?.trim() ? [{ name, key: key.trim() }] : [])),
  )
}

/** Shorter keys could be guessed. */
export const minimumKeyLength = 16

/** @throws ConfigError if the key cannot be sent in a header */
export function checkKey(field: string, key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new ConfigError(field, 'must be visible ASCII characters without spaces')
  }
  return key
}
