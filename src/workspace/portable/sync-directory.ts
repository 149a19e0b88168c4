import { open } from 'node:fs/promises'

/** Makes the names in a directory durable, where the file system can. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    // Some network file systems refuse it.
    await directory.sync().catch(() => undefined)
  } finally {
    await directory.close()
  }
}
