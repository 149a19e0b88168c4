import { z } from 'zod'
import { serverOptionsSchema } from '../options-schema.ts'

/** How the text of a variable is read. */
export type OptionKind =
  | 'text'
  | 'integer'
  | 'flag'
  | 'list'
  | 'directories'
  | 'object'
  | 'proxies'
  | 'network'

/** An option of the server that has a value of its own. */
export interface ServerOption {
  /** Its place in a file, such as `rateLimit.maxRequests`. */
  path: string
  kind: OptionKind
  /** Its variable, made of the path by one rule: `CLAUDE_CODE_API_RATE_LIMIT_MAX_REQUESTS`. */
  variable: string
  /** Other variables for it; those before count first. */
  aliases: readonly string[]
  /** The part that must not be printed. */
  secret: 'all' | 'password' | undefined
  schema: JsonSchema
}

export interface JsonSchema {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  enum?: unknown[]
  items?: JsonSchema
  default?: unknown
  description?: string
}

const aliases: Readonly<Record<string, readonly string[]>> = {
  host: ['HOST'],
  port: ['PORT'],
  'database.url': ['DATABASE_URL'],
  allowedRoots: ['CLAUDE_CODE_API_ROOTS'],
  secretKeys: ['CLAUDE_CODE_API_SECRET_KEY'],
  'auth.apiKeys': ['CLAUDE_API_KEY', 'CLAUDE_API_KEYS', 'CLAUDE_API_KEY_1'],
}

const kinds: Readonly<Record<string, OptionKind>> = {
  allowedRoots: 'directories',
  trustedRoots: 'directories',
  'cluster.volumes': 'directories',
  trustProxy: 'proxies',
  agentNetwork: 'network',
}

const secrets: Readonly<Record<string, ServerOption['secret']>> = {
  'auth.apiKeys': 'all',
  'auth.keyHashes': 'all',
  'metrics.apiKeys': 'all',
  'metrics.keyHashes': 'all',
  secretKeys: 'all',
  agentEnv: 'all',
  'database.url': 'password',
  'cluster.secret': 'all',
}

/** The JSON Schema of a configuration file. */
export function toFileSchema(): JsonSchema {
  return z.toJSONSchema(serverOptionsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

/** All options of the server, in the order of the schema. */
export const serverOptions: readonly ServerOption[] = listOptions(toFileSchema(), [])

function listOptions(schema: JsonSchema, path: string[]): ServerOption[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const place = [...path, name]
    return property.properties ? listOptions(property, place) : [toOption(place, property)]
  })
}

function toOption(place: readonly string[], schema: JsonSchema): ServerOption {
  const path = place.join('.')
  return {
    path,
    kind: kinds[path] ?? kindOf(schema),
    variable: toVariable(place),
    aliases: aliases[path] ?? [],
    secret: secrets[path],
    schema,
  }
}

function toVariable(place: readonly string[]): string {
  const words = place.map(name => name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase())
  return ['CLAUDE_CODE_API', ...words].join('_')
}

function kindOf({ type }: JsonSchema): OptionKind {
  if (type === 'integer') return 'integer'
  if (type === 'boolean') return 'flag'
  if (type === 'array') return 'list'
  return type === 'object' ? 'object' : 'text'
}
