import { ConfigError } from '../lib/config-error.ts'
import { parseSealingKey } from '../lib/sealed-text.ts'
import type { Environment } from './env.ts'

export const secretKeyVariable = 'CLAUDE_CODE_API_SECRET_KEY'

/**
 * Parses the keys in the configuration, or else in the environment.
 *
 * @returns undefined if neither has keys
 * @throws ConfigError for an invalid key, without showing any of it
 */
export function resolveSecretKeys(keys: string[] | undefined, env: Environment): Buffer[] | undefined {
  const named = keys?.map((key, index) => ({ name: `secretKeys[${index}]`, key }))
  const found = named ?? findSecretKeys(env).map(key => ({ name: secretKeyVariable, key }))
  return found.length === 0 ? undefined : found.map(({ name, key }) => toKey(name, key))
}

/** The keys in the environment, not parsed yet. */
export function findSecretKeys(env: Environment): string[] {
  return env[secretKeyVariable]?.split(',').filter(text => text.trim() !== '') ?? []
}

function toKey(name: string, text: string): Buffer {
  const key = parseSealingKey(text)
  if (key) return key
  throw new ConfigError(
    name,
    'must be 32 bytes in hexadecimal or base64, for example from `openssl rand -hex 32`',
  )
}
