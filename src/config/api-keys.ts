import { createHash } from 'node:crypto'
import { ConfigError } from '../lib/config-error.ts'
import type { Environment } from './env.ts'

/** An API key as the server keeps it: its text is forgotten. */
export interface ResolvedApiKey {
  /** The first characters of the hash: the same at every start, safe to log. */
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

/** Keys that the environment names, each with the variable that it came from. */
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

/** A shorter key could be guessed. */
export const minimumKeyLength = 16

/** @throws ConfigError when the key could not be sent in a header */
export function checkKey(field: string, key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new ConfigError(field, 'an API key is made of visible ASCII characters without spaces')
  }
  return key
}
