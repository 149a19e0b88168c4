import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { parse as parseYaml } from 'yaml'
import { ConfigError } from '../../lib/config-error.ts'
import type { Environment } from '../env.ts'
import { serverOptionsSchema } from '../options-schema.ts'
import { toConfigError } from '../resolve-config.ts'

const maxBytes = 1024 * 1024
const standardNames = ['config.json', 'config.yaml', 'config.yml']

export interface ConfigFile {
  /** Its real path. */
  path: string
  /** Its options, checked, without defaults. */
  content: Readonly<Record<string, unknown>>
}

/**
 * Returns the path of the configuration file: the given one, that of `CLAUDE_CODE_API_CONFIG`, or `config.json` or
 * `config.yaml` in `$XDG_CONFIG_HOME/claude-code-api`. Never one of the working directory, which Claude can write.
 *
 * @returns undefined if there is none
 * @throws ConfigError if there are several
 */
export function findConfigFile(given: string | undefined, env: Environment): string | undefined {
  const named = given ?? (env.CLAUDE_CODE_API_CONFIG || undefined)
  if (named !== undefined) return path.resolve(named)
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_CONFIG_HOME
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(env.HOME || homedir(), '.config')
  const found = standardNames
    .map(name => path.join(base, 'claude-code-api', name))
    .filter(file => statSync(file, { throwIfNoEntry: false }))
  if (found.length > 1) throw new ConfigError('config', `found ${found.join(' and ')}; keep one of them`)
  return found[0]
}

/**
 * Reads a configuration file, JSON or YAML. A file that another user could have written is refused.
 * @throws ConfigError that names the file, and the field in it
 */
export function readConfigFile(file: string): ConfigFile {
  const real = inFile(file, () => realpathSync(file))
  const text = inFile(file, () => readOwn(file, real))
  const content = inFile(file, () => parse(text, real))
  const checked = serverOptionsSchema.safeParse(content)
  if (!checked.success) {
    const { field, problem } = toConfigError(checked.error)
    throw new ConfigError(`${field} in ${file}`, problem)
  }
  return { path: real, content }
}

/**
 * Refuses a file that Claude could change.
 * @throws ConfigError
 */
export function refuseReachableFile(
  { path: file }: ConfigFile,
  { allowedRoots, workspacesDir }: { allowedRoots: readonly string[]; workspacesDir: string },
): void {
  for (const directory of [...allowedRoots, workspacesDir]) {
    const relative = path.relative(toRealPath(directory), file)
    if (relative.startsWith('..') || path.isAbsolute(relative)) continue
    throw new ConfigError(
      'config',
      `${file} is inside ${directory}, where sessions work and could change it; move it, or choose other directories with --root`,
    )
  }
}

function readOwn(file: string, real: string): string {
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error('is not a regular file')
    if (stats.size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`)
    const owners = [0, process.getuid?.() ?? 0]
    if (!owners.includes(stats.uid)) throw new Error('belongs to another user')
    if (stats.mode & 0o022) throw new Error(`can be written by other users; run: chmod go-w ${file}`)
    const directory = path.dirname(real)
    const { mode } = statSync(directory)
    const isSticky = (mode & 0o1000) !== 0
    if (mode & 0o022 && !isSticky) {
      throw new Error(`is in a directory that other users can write; run: chmod go-w ${directory}`)
    }
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function parse(text: string, file: string): Record<string, unknown> {
  // An empty YAML file says nothing; editors find the schema by `$schema`.
  const value =
    (file.endsWith('.json') ? parseAs('JSON', JSON.parse, text) : parseAs('YAML', parseYaml, text)) ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('must be an object of options')
  const { $schema: _, ...content } = value as Record<string, unknown>
  return content
}

/** The parser's own message would show a part of the file, which may hold keys. */
function parseAs(format: 'JSON' | 'YAML', parser: (text: string) => unknown, text: string): unknown {
  try {
    return parser(text)
  } catch (error) {
    const { message, linePos } = error as Error & { linePos?: { line: number }[] }
    const line = linePos?.[0]?.line ?? /\(line (\d+)/.exec(message)?.[1]
    throw new Error(`is not valid ${format}${line === undefined ? '' : `: see line ${line}`}`, {
      cause: error,
    })
  }
}

function inFile<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const problems: Record<string, string> = {
      ENOENT: 'does not exist',
      EACCES: 'cannot be read by this user',
      ELOOP: 'is a loop of symbolic links',
    }
    throw new ConfigError(file, problems[code ?? ''] ?? message, { cause: error })
  }
}

function toRealPath(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    return path.resolve(directory)
  }
}
