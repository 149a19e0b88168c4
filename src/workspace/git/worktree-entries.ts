import { lstat, mkdir, rmdir, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { copyRegularFile, notRegular, readLine } from '../files/regular-file.ts'
import { readEntries } from '../history/plain-entries.ts'
import { Directory, hasDescriptorPaths } from '../provisioning/directory.ts'
import { removeTree } from '../provisioning/remove-directory.ts'
import type { Repository } from './git-repository.ts'

/** A repository's entries for its linked working trees, in the format of gitrepository-layout(5). */
const directoryName = 'worktrees'
const maxNames = 1_000

/** Whether a branch is checked out in a working tree, or a running rebase or bisect will return to it. */
export async function isBranchInUse({ commonDirectory, bare }: Repository, branch: string): Promise<boolean> {
  const directories = bare ? [] : [commonDirectory]
  for (const entry of await listEntries(commonDirectory)) directories.push(entry)
  for (const directory of directories) {
    const heads = ['HEAD', 'rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']
    for (const name of heads) {
      const head = await readLine(join(directory, name))
      if (head === `ref: refs/heads/${branch}` || head === `refs/heads/${branch}` || head === branch)
        return true
    }
  }
  return false
}

/**
 * Registers a new working tree with a branch. The entry is locked, so that `git worktree prune` does not remove it
 * before `finishEntry`.
 *
 * @param path the directory of the working tree
 * @returns the directory of the entry
 */
export async function addEntry(
  { commonDirectory }: Repository,
  path: string,
  branch: string,
): Promise<string> {
  const parent = join(commonDirectory, directoryName)
  const entry = await makeDirectory(parent, basename(path))
  const files = {
    locked: 'initializing\n',
    gitdir: `${join(path, '.git')}\n`,
    commondir: '../..\n',
    HEAD: `ref: refs/heads/${branch}\n`,
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(entry, name), content, { flag: 'wx' })
  }
  await writeFile(join(path, '.git'), `gitdir: ${entry}\n`, { flag: 'wx' })
  return entry
}

/** @param index the index after the checkout */
export async function finishEntry(entry: string, index: string): Promise<void> {
  await copyRegularFile(index, join(entry, 'index'), Number.POSITIVE_INFINITY)
  await unlink(join(entry, 'locked'))
}

/** Removes the entry of a working tree, without following links. */
export async function removeEntry({ commonDirectory }: Repository, path: string): Promise<void> {
  const parent = join(commonDirectory, directoryName)
  for (const entry of await listEntries(commonDirectory)) {
    if ((await readLine(join(entry, 'gitdir'))) !== join(path, '.git')) continue
    const directory = await Directory.open(parent, { pinned: hasDescriptorPaths, isForbidden: () => false })
    try {
      await removeTree(directory, basename(entry))
    } finally {
      await directory.close()
    }
  }
  // Like git, removes only an empty directory.
  await rmdir(parent).catch(() => {})
}

/** @throws RepositoryRefused if one of them is not a directory */
async function listEntries(commonDirectory: string): Promise<string[]> {
  const parent = join(commonDirectory, directoryName)
  await requireNoLink(parent)
  const found: string[] = []
  for await (const { name, path, type } of readEntries(parent)) {
    if (type === 'other') throw notRegular(path)
    if (type === 'directory') found.push(join(parent, name.toString()))
  }
  return found
}

/** Takes the first free name, because several git processes may run at once. */
async function makeDirectory(parent: string, name: string): Promise<string> {
  await requireNoLink(parent)
  for (let index = 0; index < maxNames; index++) {
    // Git removes the parent when it has become empty.
    await mkdir(parent, { recursive: true })
    const path = join(parent, index === 0 ? name : `${name}${index}`)
    try {
      await mkdir(path)
      return path
    } catch (error) {
      if (!isFsError(error, 'EEXIST', 'ENOENT')) throw error
    }
  }
  throw new Error('too many working trees with the same name')
}

async function requireNoLink(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats && !stats.isDirectory()) throw notRegular(path)
}
