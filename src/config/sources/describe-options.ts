import type { ResolvedConfig } from '../resolve-config.ts'
import { type CollectedOptions, get } from './collect-options.ts'
import { type ServerOption, serverOptions } from './server-option.ts'

export interface OptionInForce {
  option: string
  /** Without secrets. */
  value: unknown
  /** `default`, or what sets it. */
  source: string
  /** The variable that would set it. */
  variable: string
}

/** Describes the configuration that is in force, option by option, without secrets. */
export function describeOptions(
  { options, sources }: CollectedOptions,
  resolved: ResolvedConfig,
): OptionInForce[] {
  return serverOptions.map(option => ({
    option: option.path,
    value: mask(option, get(options, option.path) ?? findDefault(option, resolved, sources)) ?? null,
    source: sources.get(option.path)?.name ?? 'default',
    variable: option.variable,
  }))
}

function findDefault(
  { path, schema }: ServerOption,
  resolved: ResolvedConfig,
  sources: CollectedOptions['sources'],
): unknown {
  // Read by the library itself, and hashed or parsed by now: only their number is shown.
  if (path === 'auth.apiKeys') return sources.has(path) ? resolved.auth.keys.map(({ id }) => id) : undefined
  if (path === 'secretKeys') return resolved.secretKeys?.map(() => '')
  return get(resolved, path) ?? schema.default
}

function mask({ secret }: ServerOption, value: unknown): unknown {
  if (secret === undefined || value === undefined || value === null) return value
  if (secret === 'all') {
    if (typeof value === 'string') return '***'
    return Array.isArray(value)
      ? value.map(() => '***')
      : Object.fromEntries(Object.keys(value).map(name => [name, '***']))
  }
  return maskPassword(String(value))
}

function maskPassword(text: string): string {
  if (!URL.canParse(text)) return '***'
  const url = new URL(text)
  if (url.password) url.password = '***'
  for (const name of url.searchParams.keys()) {
    if (/pass|secret|token|key/i.test(name)) url.searchParams.set(name, '***')
  }
  return url.href
}
