import { type BigIntStats, constants, existsSync } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type FileName, toShownTarget } from '../files/file-name.ts'

/** O_PATH of Linux, which Node lacks: refers to a file without opening it, so that FIFOs and devices are not touched. */
const O_PATH = 0o10000000
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** Whether paths relative to an open directory are supported. */
export const hasDescriptorPaths = existsSync('/proc/self/fd')

/** Options for opening directories. */
export interface DirectoryAccess {
  /** Whether directories are held by descriptors. */
  pinned: boolean
  /** Whether a directory must not be opened, regardless of its path. */
  isForbidden(stats: BigIntStats): boolean
}

/**
 * A directory that is held open, so that renames and replacements cannot redirect its users:
 * `/proc/self/fd/N/name` always means a name in this directory, even after it was moved.
 *
 * Without `/proc` (macOS) it is held by its path, and a replacement of a parent directory between check and use is not
 * noticed.
 */
export class Directory {
  readonly handle: FileHandle
  /** See `identityOf`. */
  readonly identity: string
  readonly #path: string
  readonly #access: DirectoryAccess

  private constructor({ handle, stats }: Opened, path: string, access: DirectoryAccess) {
    this.handle = handle
    this.identity = identityOf(stats)
    this.#path = path
    this.#access = access
  }

  /**
   * @throws ENOENT, ENOTDIR or ELOOP if the path is not a directory (or is a symbolic link); EACCES if it is forbidden
   */
  static async open(path: string, access: DirectoryAccess): Promise<Directory> {
    return new Directory(await openAllowed(path, access), path, access)
  }

  /** Opens a subdirectory; see `open`. */
  async openDirectory(name: FileName): Promise<Directory> {
    const opened = await openAllowed(this.at(name), this.#access)
    return new Directory(opened, join(this.#path, name.toString()), this.#access)
  }

  /** Opens the current parent, which may differ from the one where this directory was opened. */
  async openParent(): Promise<Directory> {
    return new Directory(
      await openAllowed(`${this.base}/..`, this.#access),
      dirname(this.#path),
      this.#access,
    )
  }

  /** Returns a path to a name in this directory for functions of `node:fs`. The last part is not resolved. */
  at(name: FileName): FileName {
    const base = this.base
    if (typeof name === 'string') return `${base}/${name}`
    return Buffer.concat([Buffer.from(`${base}/`), name])
  }

  /** Returns such a path to the directory itself. */
  get base(): string {
    return this.#access.pinned ? `/proc/self/fd/${this.handle.fd}` : this.#path
  }

  /** Returns the current real path, with names as shown. */
  async realPath(): Promise<string> {
    if (!this.#access.pinned) return realpath(this.#path)
    return toShownTarget(await readlink(this.base, { encoding: 'buffer' }))
  }

  lstat(name: FileName) {
    return lstat(this.at(name), { bigint: true })
  }

  /**
   * Opens a regular file of this directory for reading. Never opens any other kind of file, even if one replaces it at
   * this moment.
   *
   * @returns undefined if it is not a regular file
   */
  async openFile(name: FileName): Promise<FileHandle | undefined> {
    if (!this.#access.pinned) return this.#openFileByPath(name)
    const named = await open(this.at(name), O_PATH | O_NOFOLLOW)
    try {
      if (!(await named.stat()).isFile()) return undefined
      return await open(`/proc/self/fd/${named.fd}`, O_RDONLY | O_NONBLOCK)
    } finally {
      await named.close()
    }
  }

  async #openFileByPath(name: FileName): Promise<FileHandle | undefined> {
    const path = this.at(name)
    if (!(await lstat(path)).isFile()) return undefined
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    return undefined
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}

interface Opened {
  handle: FileHandle
  stats: BigIntStats
}

/** Returns an id that is independent of the path. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

async function openAllowed(path: FileName, { pinned, isForbidden }: DirectoryAccess): Promise<Opened> {
  const mode = pinned ? O_PATH : O_RDONLY | O_NONBLOCK
  const handle = await open(path, mode | O_DIRECTORY | O_NOFOLLOW)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!isForbidden(stats)) return { handle, stats }
    throw Object.assign(new Error('the directory is forbidden'), { code: 'EACCES' })
  } catch (error) {
    await handle.close()
    throw error
  }
}
