import type { FileEntry } from '../../contract/files.ts'
import type { WorkspaceFiles, WorkspaceRoots } from '../ports/index.ts'

/** Bytes of one file; longer files are left out. */
const maxFileBytes = 128 * 1024
/** Bytes of all files together. */
const maxTotalBytes = 2 * 1024 * 1024
/** Entries of one directory that are looked at. */
const maxEntries = 500

/**
 * Reads instruction files of a session within its bounds. A file that is missing, too long or not a regular file,
 * or that a link leads to outside the session's directories, does not exist for it.
 */
export class InstructionFiles {
  readonly roots: WorkspaceRoots
  readonly #files: WorkspaceFiles
  #left = maxTotalBytes

  constructor(files: WorkspaceFiles, roots: WorkspaceRoots) {
    this.#files = files
    this.roots = roots
  }

  async read(path: string): Promise<string | undefined> {
    const file = await this.#files.open(this.roots, path).catch(() => undefined)
    if (!file) return undefined
    if (file.sizeBytes > Math.min(maxFileBytes, this.#left)) {
      await file.close()
      return undefined
    }
    try {
      const bytes = Buffer.concat(await Array.fromAsync<Buffer>(file.read(0, file.sizeBytes)))
      this.#left -= bytes.length
      return bytes.includes(0) ? undefined : bytes.toString('utf8').replace(/^\uFEFF/, '')
    } catch {
      // It was cut short or removed while it was read.
      return undefined
    }
  }

  /** The entries of a directory, with `children` down to the depth; none where there is no such directory. */
  async list(path: string, depth: number): Promise<FileEntry[]> {
    const tree = await this.#files.list(this.roots, { path, depth, limit: maxEntries }).catch(() => undefined)
    return tree?.entries ?? []
  }
}

/** The Markdown files among entries and what is in them, each with the names that lead to it. */
export function findMarkdown(entries: readonly FileEntry[], way: readonly string[] = []): FoundFile[] {
  return entries.flatMap(entry => {
    if (entry.escaped) return []
    const names = [...way, entry.name]
    if (entry.children) return findMarkdown(entry.children, names)
    return /\.md$/i.test(entry.name) ? [{ names, name: entry.name.replace(/\.md$/i, '') }] : []
  })
}

export interface FoundFile {
  names: readonly string[]
  /** Without its suffix. */
  name: string
}
