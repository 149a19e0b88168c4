import { rmdir, unlink } from 'node:fs/promises'
import { invalidField } from '../contract/errors.ts'
import type { Directory, FileName } from './directory.ts'
import { firstNames } from './directory-names.ts'
import { isFsError } from './file-errors.ts'
import { toFileName } from './file-name.ts'

/** Each level is held open while what is below it is removed. */
const maxLevels = 256
const batchSize = 1_000

/** Removes a directory; what is in it only when `recursive`. */
export async function removeDirectory(parent: Directory, name: FileName, recursive: boolean): Promise<void> {
  if (recursive) {
    await removeTree(parent, name, maxLevels)
    return
  }
  try {
    await rmdir(parent.at(name))
  } catch (error) {
    if (isFsError(error, 'ENOTEMPTY', 'EEXIST')) {
      throw invalidField('recursive', 'the directory is not empty; true removes it with everything in it')
    }
    throw error
  }
}

/** Every directory is opened in the one above it, so that no link that is put in its place is ever followed. */
async function removeTree(parent: Directory, name: FileName, levelsLeft: number): Promise<void> {
  if (levelsLeft === 0) throw invalidField('path', 'is nested too deeply')
  const directory = await parent.openDirectory(name)
  try {
    for (;;) {
      const names = await firstNames(directory, batchSize)
      if (names.length === 0) break
      for (const bytes of names) await removeEntry(directory, toFileName(bytes), levelsLeft)
    }
  } finally {
    await directory.close()
  }
  await rmdir(parent.at(name))
}

async function removeEntry(directory: Directory, name: FileName, levelsLeft: number): Promise<void> {
  try {
    if ((await directory.lstat(name)).isDirectory()) await removeTree(directory, name, levelsLeft - 1)
    else await unlink(directory.at(name))
  } catch (error) {
    // Somebody else was faster.
    if (!isFsError(error, 'ENOENT')) throw error
  }
}
