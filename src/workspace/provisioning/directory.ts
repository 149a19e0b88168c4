import { type BigIntStats, constants, existsSync } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type FileName, toShownTarget } from '../files/file-name.ts'

/** Linux: names something without opening it, so that no FIFO waits and no device is touched. Node has no name for it. */
const O_PATH = 0o10000000
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** Whether a name in an open directory can be named. */
export const hasDescriptorPaths = existsSync('/proc/self/fd')

/** How directories are opened. */
export interface DirectoryAccess {
  /** Whether they are held by their descriptors. */
  pinned: boolean
  /** Says of a directory that it must not be opened, wherever and under whatever name it is found. */
  isForbidden(stats: BigIntStats): boolean
}

/**
 * A directory that is held open, so that nothing which is renamed or replaced meanwhile can lead its users
 * somewhere else: `/proc/self/fd/N/name` is a name in this very directory, wherever it is by now.
 *
 * Without `/proc` (macOS) it is held by its path, and what replaces a directory above it in the moment between
 * a look and a use is not noticed.
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
   * @throws ENOENT, ENOTDIR or ELOOP when there is no directory of that path; a symbolic link is none. EACCES
   * when it is forbidden
   */
  static async open(path: string, access: DirectoryAccess): Promise<Directory> {
    return new Directory(await openAllowed(path, access), path, access)
  }

  /** The directory of that name in this one, as `open`. */
  async openDirectory(name: FileName): Promise<Directory> {
    const opened = await openAllowed(this.at(name), this.#access)
    return new Directory(opened, join(this.#path, name.toString()), this.#access)
  }

  /** The directory that this one is in by now, which need not be the one in which it was opened. */
  async openParent(): Promise<Directory> {
    return new Directory(
      await openAllowed(`${this.base}/..`, this.#access),
      dirname(this.#path),
      this.#access,
    )
  }

  /** A path for the functions of `node:fs`, which leads to that name in this directory. Its last part is not resolved. */
  at(name: FileName): FileName {
    const base = this.base
    if (typeof name === 'string') return `${base}/${name}`
    return Buffer.concat([Buffer.from(`${base}/`), name])
  }

  /** The same for the directory itself. */
  get base(): string {
    return this.#access.pinned ? `/proc/self/fd/${this.handle.fd}` : this.#path
  }

  /** Where it is now, symbolic links resolved, each name as it is shown. */
  async realPath(): Promise<string> {
    if (!this.#access.pinned) return realpath(this.#path)
    return toShownTarget(await readlink(this.base, { encoding: 'buffer' }))
  }

  lstat(name: FileName) {
    return lstat(this.at(name), { bigint: true })
  }

  /**
   * Opens a regular file of this directory for reading. Nothing else is ever opened, also not what takes its
   * place in this moment.
   *
   * @returns undefined for anything but a regular file
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

/** What stays the same under every name. */
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
