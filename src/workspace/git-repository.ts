import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** Where git keeps what it knows of a working tree; all absolute. */
export interface Repository {
  /** The directory that the working tree begins at. */
  root: string
  /** Of this working tree alone: its index. */
  gitDirectory: string
  /** Of all working trees of the repository: objects, settings. */
  commonDirectory: string
  objectFormat: 'sha1' | 'sha256'
}

/**
 * Finds the repository that a directory lies in, by reading alone: git itself is not asked, because it obeys the
 * settings that it finds there.
 */
export async function findRepository(directory: string): Promise<Repository | undefined> {
  for (let root = directory; ; root = dirname(root)) {
    const gitDirectory = await findGitDirectory(root)
    if (gitDirectory !== undefined) return readRepository(root, gitDirectory)
    if (root === dirname(root)) return undefined
  }
}

async function findGitDirectory(root: string): Promise<string | undefined> {
  const path = join(root, '.git')
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory()) return path
  if (!stats?.isFile()) return undefined
  const [, target] = /^gitdir: (.+)$/m.exec(await readSmall(path)) ?? []
  return target === undefined ? undefined : resolve(root, target)
}

async function readRepository(root: string, gitDirectory: string): Promise<Repository | undefined> {
  const common = (await readSmall(join(gitDirectory, 'commondir'))).trim()
  const commonDirectory = common === '' ? gitDirectory : resolve(gitDirectory, common)
  try {
    // What only looks like a repository (an empty `.git`) is none.
    const [realGit, realCommon] = await Promise.all([realpath(gitDirectory), realpath(commonDirectory)])
    if (!(await stat(join(realCommon, 'objects'))).isDirectory()) return undefined
    const config = await readSmall(join(realCommon, 'config'))
    const objectFormat = /^\s*objectformat\s*=\s*sha256\s*$/im.test(config) ? 'sha256' : 'sha1'
    return { root, gitDirectory: realGit, commonDirectory: realCommon, objectFormat }
  } catch {
    return undefined
  }
}

async function readSmall(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
