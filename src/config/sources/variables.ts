import path from 'node:path'
import { ConfigError } from '../../lib/config-error.ts'
import { findKeysInEnvironment } from '../api-keys.ts'
import { parseTrustProxy } from '../browser-access.ts'
import type { Environment } from '../env.ts'
import { findSecretKeys, secretKeyVariable } from '../secret-keys.ts'
import type { OptionKind, ServerOption } from './server-option.ts'

/** Variables that the library reads itself, with their names in errors. */
const readByLibrary: Readonly<Record<string, (env: Environment) => string | undefined>> = {
  'auth.apiKeys': env => findKeysInEnvironment(env)[0]?.name,
  secretKeys: env => (findSecretKeys(env).length > 0 ? secretKeyVariable : undefined),
}

/** An option that the environment gives; the value is left out where the library reads it itself. */
export interface FoundVariable {
  name: string
  value?: unknown
}

/**
 * Finds an option in the environment. An empty variable counts as unset.
 * @throws ConfigError that names the variable, if it cannot be read
 */
export function findVariable(option: ServerOption, env: Environment): FoundVariable | undefined {
  const { variable, kind, aliases } = option
  const own = readByLibrary[option.path]
  const names = own ? [variable] : [variable, ...aliases]
  for (const name of names) {
    const text = env[name]
    // Kubernetes sets it for a service that is called claude-code-api.
    if (option.path === 'port' && text?.startsWith('tcp://')) continue
    if (text) return { name, value: parse(name, kind, text) }
  }
  const name = own?.(env)
  return name === undefined ? undefined : { name }
}

function parse(name: string, kind: OptionKind, text: string): unknown {
  switch (kind) {
    case 'integer':
      if (/^-?\d+$/.test(text)) return Number(text)
      throw new ConfigError(name, 'must be a whole number')
    case 'flag':
      if (/^(true|false|1|0)$/.test(text)) return text === 'true' || text === '1'
      throw new ConfigError(name, 'must be true or false')
    case 'network':
      return text === 'none' || text === 'all' ? text : parseList(text)
    case 'list':
      return parseList(text)
    case 'directories':
      return text.split(path.delimiter).filter(item => item !== '')
    case 'object':
      return parseObject(name, text)
    case 'proxies':
      return parseTrustProxy(text)
    case 'text':
      return text
  }
}

function parseList(text: string): string[] {
  return text.split(',').flatMap(item => item.trim() || [])
}

function parseObject(name: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Handled like JSON that is not an object.
  }
  throw new ConfigError(name, 'must be a JSON object, such as {"NAME":"value"}')
}
