import { chmod, mkdir, stat } from 'node:fs/promises'
import type { Logger } from 'pino'

const ownerOnly = 0o700
const sticky = 0o1000

/**
 * Creates the data directory, or makes an existing one private. A directory that all users share (such as `/tmp`)
 * or that belongs to another user is left unchanged, with a warning.
 */
export async function secureDataDirectory(dataDir: string, log: Pick<Logger, 'warn'>): Promise<void> {
  const mode = await mkdir(dataDir, { recursive: true, mode: ownerOnly }).then(
    async () => (await stat(dataDir)).mode,
    // Opening the store fails for the same reason, with its own type of error.
    () => ownerOnly,
  )
  if ((mode & 0o777) === ownerOnly) return
  const error = mode & sticky ? 'it is shared by all users' : await closeToOthers(dataDir)
  if (error !== undefined) log.warn({ dataDir, error }, 'data directory is open to other users')
}

async function closeToOthers(dataDir: string): Promise<string | undefined> {
  try {
    await chmod(dataDir, ownerOnly)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
