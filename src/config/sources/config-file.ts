import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { ConfigError } from '../../lib/config-error.ts'
import { isInside, toRealPath } from '../../lib/paths.ts'
import type { Environment } from '../env.ts'
import { serverOptionsSchema } from '../options-schema.ts'
import { toConfigError } from '../resolve-config.ts'

const maxBytes = 1024 * 1024
const standardNames = ['config.json', 'config.yaml', 'config.yml']

export interface ConfigFile {
  /** Its real path. */
  path: string
  /** All places that decide which file it is: the path as given, each link on the way, and the real path. */
  places: readonly string[]
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
    // Also false where this user may not look.
    .filter(file => existsSync(file))
  if (found.length > 1) throw new ConfigError('config', `found ${found.join(' and ')}; keep one of them`)
  return found[0]
}

/**
 * Reads a configuration file, JSON or YAML. A file that another user could have written is refused.
 * @throws ConfigError that names the file, and the field in it
 */
export function readConfigFile(file: string): ConfigFile {
  const places = inFile(file, () => followLinks(file))
  const real = places.at(-1) ?? file
  const text = inFile(file, () => readOwn(file, real, places))
  const content = inFile(file, () => parse(text, real))
  const checked = serverOptionsSchema.safeParse(content)
  if (!checked.success) {
    const { field, problem } = toConfigError(checked.error)
    throw new ConfigError(`${field} in ${file}`, problem)
  }
  return { path: real, places, content }
}

/**
 * Refuses a file that Claude could change.
 * @throws ConfigError
 */
export function refuseReachableFile(
  { places }: ConfigFile,
  { allowedRoots, workspacesDir }: { allowedRoots: readonly string[]; workspacesDir: string },
): void {
  for (const directory of [...allowedRoots, workspacesDir]) {
    const place = places.find(each => [directory, toRealPath(directory)].some(root => isInside(root, each)))
    if (place === undefined) continue
    throw new ConfigError(
      'config',
      `${place} is inside ${directory}, where sessions work and could change it; move it, or choose other directories with --root`,
    )
  }
}

/** The path as given, then each link that its last name leads through, then the real path. */
function followLinks(file: string): string[] {
  const real = realpathSync(file)
  const places = [path.resolve(file)]
  for (let place = file; ; ) {
    const link = path.join(realpathSync(path.dirname(place)), path.basename(place))
    places.push(link)
    if (link === real || !lstatSync(link).isSymbolicLink()) return [...places, real]
    place = path.resolve(path.dirname(link), readlinkSync(link))
  }
}

function readOwn(file: string, real: string, places: readonly string[]): string {
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error('is not a regular file')
    if (stats.size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`)
    const owners = [0, process.getuid?.() ?? 0]
    if (!owners.includes(stats.uid)) throw new Error('belongs to another user')
    if (stats.mode & 0o022) throw new Error(`can be written by other users; run: chmod go-w ${file}`)
    for (const directory of new Set(places.map(place => path.dirname(place)))) refuseOpenDirectory(directory)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function refuseOpenDirectory(directory: string): void {
  const { mode } = statSync(directory)
  const isSticky = (mode & 0o1000) !== 0
  if (mode & 0o022 && !isSticky) {
    throw new Error(`is in a directory that other users can write; run: chmod go-w ${directory}`)
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

/** Warnings count as well: an unknown tag would be printed with the line that it is in. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text)
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw fault
  return document.toJS()
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
