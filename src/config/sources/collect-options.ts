import { ConfigError } from '../../lib/config-error.ts'
import type { Environment } from '../env.ts'
import type { ClaudeCodeApiConfig } from '../options.ts'
import type { TlsConfig } from '../tls.ts'
import type { ConfigFile } from './config-file.ts'
import { serverOptions } from './server-option.ts'
import { findVariable } from './variables.ts'

/** Options that flags set: by path, with the flag as it is typed. */
export type FlagValues = Readonly<Record<string, { flag: string; value: unknown }>>

export interface CollectedOptions {
  /** Options that the library reads from the environment itself are left out. */
  options: ClaudeCodeApiConfig & { host?: string; port?: number; tls?: TlsConfig }
  /** Where each option that is set comes from, by its path. */
  sources: ReadonlyMap<string, OptionSource>
}

export interface OptionSource {
  kind: 'flag' | 'variable' | 'file'
  /** As the reader can set it: `--port`, `CLAUDE_CODE_API_PORT`, `port in /etc/claude-code-api.yaml`. */
  name: string
}

/**
 * Puts the options of the server together: flags before the environment, the environment before the file.
 * @throws ConfigError that names a variable which cannot be read
 */
export function collectOptions(
  flags: FlagValues,
  env: Environment,
  file: Pick<ConfigFile, 'path' | 'content'> | undefined,
): CollectedOptions {
  const options = {}
  const sources = new Map<string, OptionSource>()
  for (const option of serverOptions) {
    const { path } = option
    const flag = flags[path]
    if (flag) {
      set(options, path, flag.value)
      sources.set(path, { kind: 'flag', name: flag.flag })
      continue
    }
    const variable = findVariable(option, env)
    if (variable) {
      if (variable.value !== undefined) set(options, path, variable.value)
      sources.set(path, { kind: 'variable', name: variable.name })
      continue
    }
    const value = file && get(file.content, path)
    if (file && value !== undefined) {
      set(options, path, value)
      sources.set(path, { kind: 'file', name: `${path} in ${file.path}` })
    }
  }
  return { options, sources }
}

/** The same error, with the option named by its source: the flag, the variable, or the field in the file. */
export function nameSource(error: ConfigError, sources: CollectedOptions['sources']): ConfigError {
  // `allowedRoots[0]` and `agentEnv.NAME` are parts of an option.
  let path = error.field.replace(/\[.*$/, '')
  while (!sources.has(path) && path.includes('.')) path = path.slice(0, path.lastIndexOf('.'))
  const source = sources.get(path)
  return source ? new ConfigError(source.name, error.problem, { cause: error }) : error
}

/** Variables of this program that set no option: most likely misspelt. */
export function findUnknownVariables(env: Environment): string[] {
  const known = new Set(serverOptions.flatMap(({ variable, aliases }) => [variable, ...aliases]))
  const others = /^CLAUDE_CODE_API_(CONFIG|URL|PROCESS|TEST_.*|SERVICE_.*|PORT_.*)$/
  return Object.keys(env).filter(
    name => name.startsWith('CLAUDE_CODE_API_') && !known.has(name) && !others.test(name),
  )
}

/** The value at such a path as `rateLimit.maxRequests`. */
export function get(container: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], container)
}

function set(container: object, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let place = container as Record<string, Record<string, unknown>>
  for (const name of names) {
    place[name] ??= {}
    place = place[name] as Record<string, Record<string, unknown>>
  }
  Object.assign(place, { [last]: value })
}
