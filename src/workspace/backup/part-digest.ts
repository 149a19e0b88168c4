import { createHash } from 'node:crypto'
import type { TarEntry } from '../files/tar-header.ts'
import type { BackupPart } from './backup-format.ts'

export type DigestedEntry = Pick<TarEntry, 'path' | 'type' | 'mode' | 'sizeBytes' | 'target'>

/** The digest of one part of a backup, while it is written or read. */
export class PartDigest {
  readonly #hash = createHash('sha256')
  #count = 0
  #bytes = 0

  begin({ path, type, mode, sizeBytes, target }: DigestedEntry): void {
    this.#hash.update(`${JSON.stringify([path, type, mode, sizeBytes, target ?? null])}\n`)
  }

  add(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
  }

  /** Counts rows, or a file. */
  count(more: number): void {
    this.#count += more
  }

  finish(): BackupPart {
    return { sha256: this.#hash.digest('hex'), count: this.#count, bytes: this.#bytes }
  }
}

/** The part that an entry belongs to, such as `store/events` or `workspaces`. */
export function partOf(path: string): string {
  const [top = '', table = ''] = path.split('/')
  return top === 'store' ? `${top}/${table}` : top
}
