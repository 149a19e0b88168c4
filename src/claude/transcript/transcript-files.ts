import { constants } from 'node:fs'
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import type { TranscriptEntry, TranscriptPart } from '../../sessions/ports/index.ts'

/** The size limit; larger files are not transcripts, or do not fit into memory beside their copy. */
const maxFileBytes = 512 * 1024 * 1024
const longestName = 200
/** Limits what a hostile process can have the server read. */
const maxBoxedProjects = 100

export interface TranscriptFile {
  entries: TranscriptEntry[]
  /** Whether all lines could be read, and the last one is complete. */
  isClean: boolean
}

/** The files of one conversation in Claude Code's configuration directory. */
export interface FoundTranscripts {
  /** The files in the directory that Claude Code searches first, by subpath. */
  own: Map<string | null, TranscriptFile>
  /** The files for other working directories. */
  others: TranscriptPart[]
}

/** Where the transcripts of a conversation are. */
export interface TranscriptPlaces {
  /** The environment of the Claude Code process. */
  environment: Readonly<Record<string, string>>
  /** The directory of this conversation's transcripts for processes in a box; undefined: there are no boxes. */
  boxed?: string | undefined
  /** Whether the next process will be in a box. */
  isBoxed?: boolean
}

/**
 * Claude Code's own transcripts: JSONL files below its configuration directory, in a folder for each directory.
 *
 * A process in a box has a directory for its conversation alone. It can have put anything there, such as links to files
 * that it may not read. So only plain directories are read, and nothing is written there: the directory is replaced.
 */
export class TranscriptFiles {
  readonly #shared: string
  readonly #boxed: string | undefined
  readonly #isBoxed: boolean
  readonly #projectName: string | undefined

  constructor({ environment, boxed, isBoxed = false }: TranscriptPlaces) {
    const { CLAUDE_CONFIG_DIR, CLAUDE_CODE_PROJECT_DIR_NAME, HOME } = environment
    this.#shared = join(CLAUDE_CONFIG_DIR || join(HOME || homedir(), '.claude'), 'projects')
    this.#boxed = boxed
    this.#isBoxed = isBoxed && boxed !== undefined
    const isName = (CLAUDE_CONFIG_DIR || isBoxed) && /^[\w-]{1,64}$/.test(CLAUDE_CODE_PROJECT_DIR_NAME ?? '')
    this.#projectName = isName ? CLAUDE_CODE_PROJECT_DIR_NAME : undefined
  }

  /** Finds the files, including those that were written in another working directory, or outside or inside a box. */
  async find(claudeSessionId: string, cwd: string): Promise<FoundTranscripts> {
    const own = join(this.#projects, await this.#projectOf(cwd))
    const shared = (await namesIn(this.#shared)).map(name => join(this.#shared, name))
    const boxed = this.#boxed
    const boxedNames = boxed === undefined ? [] : (await namesIn(boxed)).slice(0, maxBoxedProjects)
    const inBox = boxedNames.map(name => join(boxed ?? '', name))
    const budget = { left: maxFileBytes }
    const read = (project: string) =>
      inBox.includes(project)
        ? readBoxedTranscripts(project, claudeSessionId, budget)
        : readTranscripts(project, claudeSessionId)
    const isReadable = !this.#isBoxed || inBox.includes(own)
    const others = [...shared, ...inBox].filter(project => project !== own)
    return {
      own: isReadable ? await read(own) : new Map(),
      others: (await Promise.all(others.map(read))).flatMap(files =>
        [...files].map(([subpath, { entries }]) => ({ subpath, entries })),
      ),
    }
  }

  /** Replaces files that are not as wanted. */
  async update(
    claudeSessionId: string,
    cwd: string,
    parts: readonly TranscriptPart[],
    isUpToDate: (part: TranscriptPart) => boolean,
  ): Promise<void> {
    const stale = parts.filter(part => !isUpToDate(part))
    if (!this.#isBoxed) {
      for (const part of stale) await this.#write(claudeSessionId, cwd, part)
      return
    }
    if (stale.length === 0) return
    await rm(this.#projects, { recursive: true, force: true })
    for (const part of parts) await this.#write(claudeSessionId, cwd, part)
  }

  get #projects(): string {
    return this.#isBoxed && this.#boxed !== undefined ? this.#boxed : this.#shared
  }

  /** Replaces one file atomically. */
  async #write(claudeSessionId: string, cwd: string, { subpath, entries }: TranscriptPart): Promise<void> {
    const file = await this.#fileOf(claudeSessionId, cwd, subpath)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const lines = entries.filter(entry => !isMetadata(entry)).map(entry => `${JSON.stringify(entry)}\n`)
    await replaceFile(file, lines.join(''))
    const metadata = entries.findLast(isMetadata)
    if (!metadata) return
    const { type: _, ...fields } = metadata
    await replaceFile(toMetadataFile(file), JSON.stringify(fields))
  }

  /** Moves an empty conversation's file out of Claude Code's way. */
  async setAside(claudeSessionId: string, cwd: string, { isClean }: TranscriptFile): Promise<void> {
    if (this.#isBoxed) {
      await rm(this.#projects, { recursive: true, force: true })
      return
    }
    const file = await this.#fileOf(claudeSessionId, cwd, null)
    if (isClean) await rm(file, { force: true })
    else await rename(file, `${file}.unusable`)
  }

  async #fileOf(claudeSessionId: string, cwd: string, subpath: string | null): Promise<string> {
    const base = join(this.#projects, await this.#projectOf(cwd), claudeSessionId)
    if (subpath === null) return `${base}.jsonl`
    const file = `${join(base, subpath)}.jsonl`
    if (!file.startsWith(base + sep)) throw new Error(`a transcript outside its conversation: ${subpath}`)
    return file
  }

  /** Returns the directory in Claude Code's naming; Claude Code also finds files elsewhere. */
  async #projectOf(cwd: string): Promise<string> {
    if (this.#projectName !== undefined) return this.#projectName
    const path = (await realpath(cwd).catch(() => cwd)).normalize('NFC')
    const name = path.replace(/[^a-zA-Z0-9]/g, '-')
    return name.length <= longestName ? name : `${name.slice(0, longestName)}-${hashOf(path)}`
  }
}

/** Reads nothing through links, and nothing beyond the budget of bytes. */
async function readBoxedTranscripts(
  project: string,
  claudeSessionId: string,
  budget: { left: number },
): Promise<Map<string | null, TranscriptFile>> {
  const folder = join(project, claudeSessionId)
  const isPlain = await lstat(folder).then(
    stats => stats.isDirectory(),
    () => true,
  )
  const files = isPlain ? await transcriptsBelow(folder) : []
  for (const file of [`${folder}.jsonl`, ...files, ...files.map(toMetadataFile)]) {
    budget.left -= await lstat(file).then(
      stats => stats.size,
      () => 0,
    )
  }
  return isPlain && budget.left >= 0 ? readTranscripts(project, claudeSessionId) : new Map()
}

async function readTranscripts(
  project: string,
  claudeSessionId: string,
): Promise<Map<string | null, TranscriptFile>> {
  const found = new Map<string | null, TranscriptFile>()
  const main = await readTranscript(join(project, `${claudeSessionId}.jsonl`))
  if (main) found.set(null, main)
  const folder = join(project, claudeSessionId)
  for (const path of await transcriptsBelow(folder)) {
    const file = await readTranscript(path)
    if (!file) continue
    const metadata = await readMetadata(toMetadataFile(path))
    const subpath = relative(folder, path)
      .replace(/\.jsonl$/, '')
      .split(sep)
      .join('/')
    found.set(subpath, metadata ? { ...file, entries: [...file.entries, metadata] } : file)
  }
  return found
}

async function transcriptsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

async function namesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
}

/** Returns undefined if there is no such file, or it is not readable as one. */
async function readTranscript(path: string): Promise<TranscriptFile | undefined> {
  // Links, pipes and devices are not followed and not waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  )
  if (!handle) return undefined
  try {
    return await readLines(handle)
  } catch {
    return undefined
  } finally {
    await handle.close()
  }
}

async function readLines(handle: FileHandle): Promise<TranscriptFile | undefined> {
  const state = await handle.stat()
  if (!state.isFile() || state.size > maxFileBytes) return undefined
  const entries: TranscriptEntry[] = []
  let isClean = true
  /** The pieces of the unfinished line. */
  let pieces: string[] = []
  const take = (line: string) => {
    const entry = toEntry(line)
    if (entry) entries.push(entry)
    else if (line.trim() !== '') isClean = false
  }
  for await (const chunk of handle.createReadStream({ encoding: 'utf8', autoClose: false })) {
    const [first = '', ...lines] = (chunk as string).split('\n')
    pieces.push(first)
    for (const line of lines) {
      take(pieces.join(''))
      pieces = [line]
    }
  }
  const rest = pieces.join('')
  // Without a line ending, the next line of Claude Code would become part of the last one.
  if (rest !== '') isClean = false
  take(rest)
  return { entries, isClean }
}

function toEntry(line: string): TranscriptEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isEntry = typeof value === 'object' && value !== null && 'type' in value
    return isEntry && typeof value.type === 'string' ? (value as TranscriptEntry) : undefined
  } catch {
    return undefined
  }
}

/** Metadata in a file of its own, which the SDK mirrors as a line. */
async function readMetadata(path: string): Promise<TranscriptEntry | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  )
  if (!handle) return undefined
  try {
    const state = await handle.stat()
    if (!state.isFile() || state.size > maxFileBytes) return undefined
    return { type: 'agent_metadata', ...(JSON.parse(await handle.readFile('utf8')) as object) }
  } catch {
    return undefined
  } finally {
    await handle.close()
  }
}

function toMetadataFile(file: string): string {
  return file.replace(/\.jsonl$/, '.meta.json')
}

/** The subagent's metadata in its transcript. */
export function isMetadata({ type }: TranscriptEntry): boolean {
  return type === 'agent_metadata'
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`
  try {
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Hashes long names, so that names with the same beginning stay different. */
function hashOf(path: string): string {
  let hash = 0
  for (let index = 0; index < path.length; index++) hash = ((hash << 5) - hash + path.charCodeAt(index)) | 0
  return Math.abs(hash).toString(36)
}
