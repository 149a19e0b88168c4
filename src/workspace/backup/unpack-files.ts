import { constants } from 'node:fs'
import { mkdir, open, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DigestedEntry } from './part-digest.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

/**
 * Writes the files of a backup below a new directory. Links are made in the end, so that no name leads through one.
 */
export class FileUnpacker {
  readonly #top: string
  readonly #links: { path: string; target: string }[] = []

  /** @param top is created when the first entry needs it */
  constructor(top: string) {
    this.#top = top
  }

  async add({ path, type, mode, target }: DigestedEntry, content: AsyncIterable<Buffer>): Promise<void> {
    const place = join(this.#top, path)
    await mkdir(type === 'Directory' ? place : dirname(place), { recursive: true, mode: 0o700 })
    if (type === 'Directory') return
    if (type === 'SymbolicLink') {
      this.#links.push({ path: place, target: target ?? '' })
      return
    }
    const file = await open(place, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600 | (mode & 0o100))
    try {
      for await (const piece of content) await writeAll(file, piece)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async finish(): Promise<void> {
    for (const { path, target } of this.#links) await symlink(target, path)
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  for (let start = 0; start < piece.length; ) {
    const { bytesWritten } = await file.write(piece, start)
    start += bytesWritten
  }
}
