import { isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { readlink } from 'node:fs/promises'
import { posix } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { TreeWalk } from '../files/tree-walk.ts'
import { Directory, hasDescriptorPaths } from '../provisioning/directory.ts'

const batchSize = 10_000
const pieceSize = 256 * 1024

/** An entry of a directory tree. */
export interface ListedFile {
  /** Below the top of the tree. */
  path: string
  mode: number
  sizeBytes: number
  /** Of a symbolic link. */
  target?: string
  /** Of a file: exactly `sizeBytes`. */
  content?: AsyncIterable<Buffer>
}

export interface FileListing {
  files: AsyncGenerator<ListedFile>
  /** How many entries are left out: special files, links that lead out, what is not readable or has a name that is not UTF-8. */
  readonly skipped: number
}

/**
 * Lists a tree, whose files may change meanwhile, without following any link.
 * @param top a missing directory counts as an empty one
 * @param selects which entries of the top are listed; all of them by default
 */
export function listFiles(top: string, selects: (name: string) => boolean = () => true): FileListing {
  const counter = { skipped: 0 }
  return {
    files: walkTree(top, selects, counter),
    get skipped() {
      return counter.skipped
    },
  }
}

async function* walkTree(
  path: string,
  selects: (name: string) => boolean,
  counter: { skipped: number },
): AsyncGenerator<ListedFile> {
  const top = await Directory.open(path, { pinned: hasDescriptorPaths, isForbidden: () => false }).catch(
    error => {
      if (isFsError(error, 'ENOENT')) return undefined
      throw error
    },
  )
  if (!top) return
  const tree = new TreeWalk(top, { batchSize })
  // With a slash at its end; empty at the top.
  let prefix = ''
  try {
    for (;;) {
      const bytes = await tree.next()
      if (!bytes) {
        if ((await tree.leave()) === undefined) return
        prefix = prefix.slice(0, prefix.lastIndexOf('/', prefix.length - 2) + 1)
        continue
      }
      const name = bytes.toString()
      if (prefix === '' && !selects(name)) continue
      const entry = isUtf8(bytes) ? await unlessGone(describe(tree, name, prefix)) : undefined
      if (!entry) {
        counter.skipped++
        continue
      }
      const { file, ...listed } = entry
      try {
        yield file ? { ...listed, content: contentOf(file, listed.sizeBytes) } : listed
      } finally {
        await file?.close()
      }
      if (entry.isDirectory) prefix = `${listed.path}/`
    }
  } finally {
    await tree.close()
    await top.close()
  }
}

interface Entry extends ListedFile {
  isDirectory: boolean
  file?: FileHandle
}

/** Opens a file, or enters a directory; undefined for what is left out. */
async function describe(tree: TreeWalk, name: string, prefix: string): Promise<Entry | undefined> {
  const path = `${prefix}${name}`
  const stats = await tree.here.lstat(name)
  const fields = { path, mode: toMode(Number(stats.mode)), sizeBytes: 0, isDirectory: false }
  if (stats.isDirectory()) {
    await tree.enter(name)
    return { ...fields, mode: 0o700, isDirectory: true }
  }
  if (stats.isSymbolicLink()) {
    const target = await readlink(tree.here.at(name), { encoding: 'utf8' })
    return leadsOut(path, target) ? undefined : { ...fields, mode: 0o777, target }
  }
  const file = stats.isFile() ? await tree.here.openFile(name) : undefined
  return file && { ...fields, sizeBytes: (await file.stat()).size, file }
}

/** Whether a link of a tree leads out of the first directory that it lies in. */
export function leadsOut(path: string, target: string): boolean {
  const [top = ''] = path.split('/')
  if (target === '' || target.startsWith('/') || target.includes('\0')) return true
  const leadsTo = posix.join(posix.dirname(path), target)
  return !path.includes('/') || !(leadsTo === top || leadsTo.startsWith(`${top}/`))
}

/** The owner's rights alone; who else may read a file is not the backup's to say. */
function toMode(mode: number): number {
  return 0o600 | (mode & 0o100)
}

/** Exactly as many bytes as are announced: what a file has lost meanwhile is zeros. */
async function* contentOf(file: FileHandle, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < sizeBytes; ) {
    const length = Math.min(pieceSize, sizeBytes - position)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
    const piece = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead)
    position += piece.length
    yield piece
  }
}

async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}
