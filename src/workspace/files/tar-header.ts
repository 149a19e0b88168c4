import { Header, Pax } from 'tar'

export const tarBlockSize = 512
/** The size of the old field; much longer paths skip it, because trying would take long for a deep path. */
const maxOldPath = 1024

export interface TarEntry {
  path: string
  type: 'File' | 'Directory' | 'SymbolicLink'
  /** Permission bits. */
  mode: number
  sizeBytes: number
  modifiedAt: number
  target?: string
}

/** Returns the headers of an entry; values that do not fit into the old fields go into an extended header. */
export function toTarHeader({ path, type, mode, sizeBytes, modifiedAt, target }: TarEntry): Buffer {
  const fields = {
    path,
    size: sizeBytes,
    mtime: new Date(Math.max(0, modifiedAt)),
    ...(target !== undefined && { linkpath: target }),
  }
  const block = Buffer.alloc(tarBlockSize)
  // Owners mean nothing on the machine where the archive is unpacked.
  const isLong = path.length > maxOldPath
  const shown = isLong ? path.slice(0, 99) : path
  const header = new Header({ ...fields, path: shown, type, mode, uid: 0, gid: 0 })
  return header.encode(block, 0) || isLong ? Buffer.concat([new Pax(fields).encode(), block]) : block
}
