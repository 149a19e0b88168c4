import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Contents of files by SHA-256, in one directory per session. */
export class KeptContents {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Writes a content atomically. */
  async keep(sessionId: string, hash: string, content: Buffer): Promise<void> {
    const directory = this.#directoryOf(sessionId)
    const path = join(directory, hash)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const unfinished = join(directory, `${randomUUID()}.unfinished`)
    try {
      await writeFile(unfinished, content, { mode: 0o600, flag: 'wx' })
      await rename(unfinished, path)
    } finally {
      await rm(unfinished, { force: true })
    }
  }

  /** Returns undefined if the content is missing or damaged. */
  async find(sessionId: string, hash: string): Promise<Buffer | undefined> {
    const content = await readFile(join(this.#directoryOf(sessionId), hash)).catch(() => undefined)
    return content && hashOf(content) === hash ? content : undefined
  }

  #directoryOf(sessionId: string): string {
    return join(this.#directory, sessionId, 'files')
  }
}

export function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
