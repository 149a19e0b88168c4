import { access, constants, rmdir, unlink } from 'node:fs/promises'
import { invalidField } from '../../contract/errors.ts'
import { isFsError } from '../files/file-errors.ts'
import { type FileName, toFileName } from '../files/file-name.ts'
import { TreeWalk, type TreeWalkOptions } from '../files/tree-walk.ts'
import type { Directory } from './directory.ts'
import { firstNames } from './directory-names.ts'

const batchSize = 1_000

type OnEntry = NonNullable<TreeWalkOptions['onEntry']>

/**
 * Removes a directory, with its content only if `recursive`. Removes nothing unless everything may be removed.
 *
 * @param onEntry called for each entry before anything is removed; if it throws, nothing is removed
 */
export async function removeDirectory(
  parent: Directory,
  name: FileName,
  recursive: boolean,
  onEntry: OnEntry = () => {},
): Promise<void> {
  if (recursive) {
    await requireChangeable(parent)
    await requireRemovable(parent, name, onEntry)
    await removeTree(parent, name)
    return
  }
  try {
    await rmdir(parent.at(name))
  } catch (error) {
    if (isFsError(error, 'ENOTEMPTY', 'EEXIST')) {
      throw invalidField('recursive', 'must be true to remove a directory that is not empty')
    }
    throw error
  }
}

/**
 * Removes a directory with its content, without following links, even if they are created meanwhile.
 *
 * @param prepare called for each directory before it is read
 */
export async function removeTree(
  parent: Directory,
  name: FileName,
  prepare: (directory: Directory) => Promise<void> = async () => {},
): Promise<void> {
  const top = await parent.openDirectory(name)
  const tree = new TreeWalk(top, { batchSize, consumes: true })
  try {
    await prepare(top)
    for (;;) {
      const next = await tree.next()
      if (next) {
        await unlessGone(removeOrEnter(tree, toFileName(next), prepare))
        continue
      }
      const left = await tree.leave()
      if (left === undefined) break
      await unlessGone(rmdir(tree.here.at(left)))
    }
  } finally {
    await tree.close()
    await top.close()
  }
  await rmdir(parent.at(name))
}

async function removeOrEnter(
  tree: TreeWalk,
  name: FileName,
  prepare: (directory: Directory) => Promise<void>,
): Promise<void> {
  if ((await tree.here.lstat(name)).isDirectory()) await prepare(await tree.enter(name))
  else await unlink(tree.here.at(name))
}

/** Checks all directories below, so that nothing is removed unless everything may be. */
async function requireRemovable(parent: Directory, name: FileName, onEntry: OnEntry): Promise<void> {
  const top = await parent.openDirectory(name)
  const tree = new TreeWalk(top, { batchSize, kind: 'directories', onEntry })
  try {
    await requireChangeable(top)
    for (;;) {
      const next = await tree.next()
      if (next) await unlessGone(tree.enter(toFileName(next)).then(requireChangeable))
      else if ((await tree.leave()) === undefined) return
    }
  } finally {
    await tree.close()
    await top.close()
  }
}

/** @throws EACCES or EROFS if an entry could not be removed */
async function requireChangeable(directory: Directory): Promise<void> {
  try {
    await access(directory.base, constants.W_OK | constants.X_OK)
  } catch (error) {
    const [first] = await firstNames(directory, 1)
    if (first) throw error
  }
}

/** Whether another program has already removed the entry. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isFsError(error, 'ENOENT')) throw error
  }
}
