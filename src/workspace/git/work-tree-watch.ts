import { lstat, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isFsError } from '../files/file-errors.ts'
import { maxLineBytes, readRegularFile } from '../files/regular-file.ts'
import { type PlainEntry, readEntries } from '../history/plain-entries.ts'

/** Files of a working tree that git reads in addition to those that it adds. */
const ruleFiles: ReadonlySet<string> = new Set(['.gitignore', '.gitattributes'])
const maxRuleBytes = 16 * 1024 * 1024
/** The file of a nested repository that git reads. */
const maxPackedReferencesBytes = 64 * 1024 * 1024
/** The interval between two checks of the whole tree. */
const intervalMs = 500

/**
 * Watches a working tree for files that would block git: ignore rules and nested repositories that are pipes, devices
 * or endless. Checks repeatedly, because a program may create one at any time.
 *
 * @param root the root of the working tree
 * @param directory the part of it that git reads
 * @returns the blocking file; undefined if the signal came first
 */
export async function findBlocking(
  root: string,
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    const found = (await findAbove(root, directory)) ?? (await findBelow(directory, signal))
    if (found !== undefined) return found
    await delay(intervalMs, undefined, { signal }).catch(() => {})
  }
  return undefined
}

/** Includes the rules of the directories above. */
async function findAbove(root: string, directory: string): Promise<string | undefined> {
  for (let here = directory; here !== root && here !== dirname(here); ) {
    here = dirname(here)
    for (const name of ruleFiles) {
      if (await blocks(join(here, name), maxRuleBytes, lstat)) return join(here, name)
    }
  }
  return undefined
}

async function findBelow(top: string, signal: AbortSignal): Promise<string | undefined> {
  const waiting: Buffer[] = [Buffer.from(top)]
  for (let here = waiting.pop(); here !== undefined && !signal.aborted; here = waiting.pop()) {
    const inside: Buffer[] = []
    let isRepository = false
    for await (const entry of readEntries(here)) {
      const name = entry.name.toString()
      if (ruleFiles.has(name) && (await blocks(entry.path, maxRuleBytes, lstat))) return entry.path.toString()
      if (name === '.git' && !here.equals(Buffer.from(top))) {
        isRepository = true
        const found = await findInRepository(here, entry)
        if (found !== undefined) return found
      } else if (entry.type === 'directory' && name !== '.git') inside.push(entry.path)
    }
    // Git does not read nested repositories.
    if (!isRepository) waiting.push(...inside)
  }
  return undefined
}

/** Checks the HEAD of a nested repository, which is all that git reads of it. */
async function findInRepository(root: Buffer, { path, type }: PlainEntry): Promise<string | undefined> {
  // Paths are texts with one character per byte, because they need not be UTF-8.
  const given = path.toString('latin1')
  const [, target] = type === 'directory' ? [] : (/^gitdir: (.+)$/.exec(await readSafely(given)) ?? [])
  const gitDirectory = target === undefined ? given : resolve(root.toString('latin1'), target)
  const [, branch = 'HEAD'] = /^ref: *(refs\/\S+)$/.exec(await readSafely(join(gitDirectory, 'HEAD'))) ?? []
  const common = resolve(gitDirectory, (await readSafely(join(gitDirectory, 'commondir'))) || '.')
  const read = [
    ...['HEAD', 'commondir', 'packed-refs', 'config', branch].map(name => join(gitDirectory, name)),
    ...['packed-refs', 'config', branch].map(name => join(common, name)),
  ]
  for (const file of read) {
    const bytes = Buffer.from(file, 'latin1')
    if (await blocks(bytes, maxPackedReferencesBytes)) return bytes.toString()
  }
  return undefined
}

async function readSafely(path: string): Promise<string> {
  const content = await readRegularFile(Buffer.from(path, 'latin1'), maxLineBytes).catch(() => undefined)
  return content?.toString('latin1').trim() ?? ''
}

/**
 * Whether a file is neither regular nor a directory, or is too large.
 * @param look `lstat` if git does not follow links
 */
async function blocks(path: string | Buffer, maxBytes: number, look: typeof lstat = stat): Promise<boolean> {
  try {
    const stats = await look(path)
    if (stats.isFile()) return stats.size > maxBytes
    return !stats.isDirectory() && !stats.isSymbolicLink()
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return false
    throw error
  }
}
