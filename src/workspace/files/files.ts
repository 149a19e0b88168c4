import type { BigIntStats } from 'node:fs'
import { stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { invalidField } from '../../contract/errors.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import { isInside } from '../../lib/paths.ts'
import type {
  Archive,
  ArchiveQuery,
  ChangeOptions,
  FileVersion,
  OpenFile,
  Tree,
  TreeQuery,
  WorkspaceFiles,
  WorkspaceRoots,
} from '../../sessions/ports/index.ts'
import { ProgramGuard } from '../git/program-guard.ts'
import { hasDescriptorPaths, identityOf } from '../provisioning/directory.ts'
import { removeDirectory } from '../provisioning/remove-directory.ts'
import { archivePlace } from './archive.ts'
import { toContentType } from './content-type.ts'
import { FileContent } from './file-content.ts'
import { noSuchFile, toFileError } from './file-errors.ts'
import { toVersion } from './file-version.ts'
import { requirePrecondition } from './precondition.ts'
import {
  absolutePathOf,
  findEntry,
  type Place,
  requireInside,
  type Scope,
  toShownPath,
  type WalkOptions,
  walk,
} from './safe-path.ts'
import { listTree } from './tree.ts'
import { writeFileIn } from './write-file.ts'

export interface LocalFilesOptions {
  /** The server's own directories, which are never opened even inside a root. */
  forbidden?: readonly string[]
  /** Real paths below which names are checked; names above them are the owner's choice. */
  tops?: readonly string[]
  /** Whether directories are held by descriptors. Default: if the system supports it. */
  pinned?: boolean
}

/** The files of sessions on this machine; see the port `WorkspaceFiles`. */
export class LocalWorkspaceFiles implements WorkspaceFiles {
  readonly #forbidden: readonly string[]
  readonly #tops: readonly string[]
  readonly #pinned: boolean
  /** Serializes check-then-change sequences. */
  readonly #changes = new OneAtATime()

  constructor({ forbidden = [], tops = [], pinned = hasDescriptorPaths }: LocalFilesOptions = {}) {
    this.#forbidden = forbidden
    this.#tops = tops
    this.#pinned = pinned
  }

  list(roots: WorkspaceRoots, query: TreeQuery): Promise<Tree> {
    return this.#inScope(roots, query.path, scope => listTree(scope, query))
  }

  open(roots: WorkspaceRoots, path: string): Promise<OpenFile> {
    return this.#at(roots, path, {}, async place => {
      const [name] = place.names
      if (name === undefined) throw invalidField('path', 'must not be a directory')
      if (!place.stats) throw noSuchFile(path)
      const file = await place.directory.openFile(place.entry)
      if (!file) throw invalidField('path', 'must be a regular file')
      try {
        return {
          ...toVersion(await file.stat({ bigint: true }), toShownPath(roots, absolutePathOf(place))),
          ...toContentType(name),
          read: (start: number, length: number) => new FileContent(file, start, length),
          close: () => file.close(),
        }
      } catch (error) {
        await file.close()
        throw error
      }
    })
  }

  write(
    roots: WorkspaceRoots,
    path: string,
    bytes: Uint8Array,
    { precondition = {}, isTrusted = isNeverTrusted }: ChangeOptions,
  ): Promise<FileVersion & { created: boolean }> {
    return this.#at(roots, path, {}, async (place, scope) => {
      const absolute = absolutePathOf(place)
      const guard = new ProgramGuard(this.#tops, roots, isTrusted)
      await guard.require(absolute, 'file', path)
      if (place.names.length === 0 || path.endsWith('/'))
        throw invalidField('path', 'must not be a directory')
      const names = place.stats ? [place.entry] : place.names
      const file = { scope, asked: path, names, bytes, precondition }
      const { stats, created } = await this.#changes.run(this.#topOf(absolute), async () => {
        // Files written meanwhile may have turned the parent into a git directory.
        await guard.require(absolute, 'file', path)
        return writeFileIn(place.directory, file)
      })
      return { ...toVersion(stats, toShownPath(roots, absolute)), created }
    })
  }

  remove(
    roots: WorkspaceRoots,
    path: string,
    { recursive, precondition = {}, isTrusted = isNeverTrusted }: ChangeOptions & { recursive: boolean },
  ): Promise<void> {
    const guard = new ProgramGuard(this.#tops, roots, isTrusted)
    return this.#atParent(roots, path, async (place, name, scope) =>
      this.#changes.run(this.#topOf(absolutePathOf(place)), async () => {
        const directoryPath = await requireInside(place.directory, scope, path)
        const removed = join(directoryPath, name)
        requireNoRoot(roots, removed)
        const { entry } = place
        const stats = await place.directory.lstat(entry)
        await guard.require(removed, stats.isDirectory() ? 'directory' : 'file', path)
        // Readers of a link got the ETag of its target.
        const read = stats.isSymbolicLink() ? await statThrough(scope, path) : stats
        requirePrecondition(precondition, read, path)
        if (stats.isDirectory()) {
          await removeDirectory(place.directory, entry, recursive, (way, inside, isDirectory) =>
            guard.requireName(
              join(removed, ...way.map(String), inside.toString()),
              isDirectory ? 'directory' : 'file',
              path,
            ),
          )
        } else await unlink(place.directory.at(entry))
      }),
    )
  }

  archive(roots: WorkspaceRoots, query: ArchiveQuery): Promise<Archive> {
    return this.#at(roots, query.path, {}, async (place, scope) => {
      if (place.names.length > 0 && !place.stats) throw noSuchFile(query.path)
      if (place.stats && !place.stats.isFile()) throw invalidField('path', 'must be a regular file')
      const path = absolutePathOf(place)
      return { name: basename(path) || 'files', content: archivePlace(scope, path, query.exclude) }
    })
  }

  /** Runs changes below one top one at a time, because together they could create what each alone may not. */
  #topOf(path: string): string {
    return this.#tops.find(top => isInside(top, path)) ?? '/'
  }

  /** Finds the parent directory and the name in it, for files and directories. */
  #atParent(
    roots: WorkspaceRoots,
    path: string,
    work: (place: Place, name: string, scope: Scope) => Promise<void>,
  ): Promise<void> {
    return this.#at(roots, path, { followLast: false }, async (place, scope) => {
      const [name] = place.names
      if (name !== undefined) {
        if (!place.stats) throw noSuchFile(path)
        return work(place, name, scope)
      }
      const own = place.directoryPath
      if (roots.includes(own)) throw invalidField('path', "must not be one of the session's own directories")
      const parent = await walk(scope, dirname(own))
      try {
        const found = parent.names.length === 0 && (await findEntry(parent.directory, basename(own)))
        if (!found) throw noSuchFile(path)
        return await work({ ...parent, ...found, names: [basename(own)] }, basename(own), scope)
      } finally {
        await parent.close()
      }
    })
  }

  /** Opens the target of a path while `work` runs. */
  #at<T>(
    roots: WorkspaceRoots,
    path: string,
    options: WalkOptions,
    work: (place: Place, scope: Scope) => Promise<T>,
  ): Promise<T> {
    return this.#inScope(roots, path, async scope => {
      const place = await walk(scope, path, options)
      try {
        return await work(place, scope)
      } finally {
        await place.close()
      }
    })
  }

  async #inScope<T>(roots: WorkspaceRoots, path: string, work: (scope: Scope) => Promise<T>): Promise<T> {
    try {
      const forbidden = await Promise.all(this.#forbidden.map(findIdentity))
      const isForbidden = (stats: BigIntStats) => forbidden.includes(identityOf(stats))
      return await work({ roots, pinned: this.#pinned, isForbidden })
    } catch (error) {
      throw toFileError(error, path)
    }
  }
}

const isNeverTrusted = () => false

/** @throws ServiceError if the removal would include one of the roots */
function requireNoRoot(roots: WorkspaceRoots, removed: string): void {
  if (roots.some(root => isInside(removed, root))) {
    throw invalidField('path', "must not contain one of the session's own directories")
  }
}

async function findIdentity(path: string): Promise<string | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined)
  return stats && identityOf(stats)
}

async function statThrough(scope: Scope, path: string): Promise<BigIntStats | undefined> {
  const place = await walk(scope, path).catch(() => undefined)
  await place?.close()
  return place?.stats
}
