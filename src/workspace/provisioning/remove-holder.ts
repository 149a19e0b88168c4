import { access, chmod, constants, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { Directory, hasDescriptorPaths } from './directory.ts'
import { removeTree } from './remove-directory.ts'

const { R_OK, W_OK, X_OK } = constants

/**
 * Removes a directory of the server with any content. The session's programs may have made it read-only (like Go's
 * module cache), or nested it deeper than a path can express.
 *
 * @param path absolute and without links; need not exist
 */
export async function removeHolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    if (!isFsError(error, 'EACCES', 'EPERM', 'ENAMETOOLONG')) throw error
    await removeStubborn(path)
  }
}

async function removeStubborn(path: string): Promise<void> {
  const parent = await Directory.open(dirname(path), { pinned: hasDescriptorPaths, isForbidden: () => false })
  try {
    await removeTree(parent, basename(path), allowChanges)
  } finally {
    await parent.close()
  }
}

async function allowChanges({ base }: Directory): Promise<void> {
  try {
    await access(base, R_OK | W_OK | X_OK)
  } catch {
    await chmod(base, 0o700)
  }
}
