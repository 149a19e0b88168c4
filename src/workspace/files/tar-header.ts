import { Header, Pax } from 'tar'

export const tarBlockSize = 512
/** The old field has 255 bytes; a much longer path is not even tried, which would take long for a deep one. */
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

/** What comes before the content of an entry; what does not fit into the old fields goes into an extended header. */
export function toTarHeader({ path, type, mode, sizeBytes, modifiedAt, target }: TarEntry): Buffer {
  const fields = {
    path,
    size: sizeBytes,
    mtime: new Date(Math.max(0, modifiedAt)),
    ...(target !== undefined && { linkpath: target }),
  }
  const block = Buffer.alloc(tarBlockSize)
  // Whose files they are is nobody's business where they are unpacked.
  const isLong = path.length > maxOldPath
  const shown = isLong ? path.slice(0, 99) : path
  const header = new Header({ ...fields, path: shown, type, mode, uid: 0, gid: 0 })
  return header.encode(block, 0) || isLong ? Buffer.concat([new Pax(fields).encode(), block]) : block
}
