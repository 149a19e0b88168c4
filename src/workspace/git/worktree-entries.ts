import { lstat, mkdir, rmdir, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { copyRegularFile, notRegular, readLine } from '../files/regular-file.ts'
import { readEntries } from '../history/plain-entries.ts'
import { Directory, hasDescriptorPaths } from '../provisioning/directory.ts'
import { removeTree } from '../provisioning/remove-directory.ts'
import type { Repository } from './git-repository.ts'

/** What a repository knows of its linked working trees, read and written as gitrepository-layout(5) describes it. */
const directoryName = 'worktrees'
const maxNames = 1_000

/** Whether a branch is checked out in some working tree, or one that is being rebased or bisected will return to it. */
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
 * Tells a repository of a new working tree with a branch. It is locked, so that no `git worktree prune` takes it
 * away before `finishEntry`.
 *
 * @param path of the working tree: a directory
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

/** @param index what was checked out */
export async function finishEntry(entry: string, index: string): Promise<void> {
  await copyRegularFile(index, join(entry, 'index'), Number.POSITIVE_INFINITY)
  await unlink(join(entry, 'locked'))
}

/** Has a repository forget the working tree. Not following any link. */
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
  // As git does: only an empty one goes.
  await rmdir(parent).catch(() => {})
}

/** @throws RepositoryRefused when one of them is not a directory */
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

/** Several gits at work at once take the first name that is free. */
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
  throw new Error('a repository has too many working trees of one name')
}

async function requireNoLink(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats && !stats.isDirectory()) throw notRegular(path)
}
