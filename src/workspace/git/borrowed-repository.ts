import { randomUUID } from 'node:crypto'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  maxLineBytes,
  notRegular,
  readLine,
  readRegularFile,
  realPathOf,
  requireRegularFile,
} from '../files/regular-file.ts'
import { walkEntries } from '../history/plain-entries.ts'
import type { GitReach } from './git-box.ts'
import type { Git, GitCommand, GitResult } from './git-command.ts'
import type { Repository } from './git-repository.ts'
import { linkObjects, listObjectDirectories, type ObjectDirectory } from './object-directories.ts'
import { RepositoryRefused } from './repository-refused.ts'
import type { RepositoryZone } from './repository-zone.ts'

const maxPackedReferencesBytes = 256 * 1024 * 1024
const maxShallowBytes = 16 * 1024 * 1024
const maxReferences = 500_000

export interface BorrowingParts {
  git: Git
  /** The server's directory for git directories of single requests. */
  directory: string
  zone: RepositoryZone
}

/**
 * A git directory of the server that stands in for a user's repository. It borrows objects and references, and has its
 * own settings: git never reads a setting of the user's repository, so none can name a program, another file or
 * another repository.
 */
export class BorrowedRepository {
  readonly directory: string
  readonly #git: Git

  /** The files that git needs to read it, and to change references. */
  readonly reach: GitReach

  private constructor(directory: string, git: Git, reach: GitReach) {
    this.directory = directory
    this.reach = reach
    this.#git = git
  }

  /**
   * Creates one while `work` runs.
   * @throws RepositoryRefused if a part of the repository is outside the zone, or malformed
   */
  static async use<T>(
    repository: Repository,
    { git, directory, zone }: BorrowingParts,
    work: (borrowed: BorrowedRepository) => Promise<T>,
  ): Promise<T> {
    const path = join(directory, randomUUID())
    try {
      const { references, logs, lenders } = await prepare(repository, path, zone)
      const { commonDirectory } = repository
      const reach = {
        own: [path],
        writable: [references, ...(logs === undefined ? [] : [logs])],
        readable: [commonDirectory, ...lenders.map(lender => lender.path)],
      }
      return await work(new BorrowedRepository(path, git, reach))
    } finally {
      await rm(path, { recursive: true, force: true })
    }
  }

  /** @param writable more directories that git may change */
  run(
    args: readonly string[],
    command: Omit<GitCommand, 'cwd' | 'reach'> & { cwd?: string },
    writable: readonly string[] = [],
  ): Promise<GitResult> {
    const environment = { GIT_DIR: this.directory, GIT_NO_REPLACE_OBJECTS: '1', ...command.environment }
    const reach = { ...this.reach, writable: [...this.reach.writable, ...writable] }
    return this.#git.run(args, { cwd: this.directory, ...command, environment, reach })
  }
}

async function prepare(
  repository: Repository,
  path: string,
  zone: RepositoryZone,
): Promise<{ references: string; logs: string | undefined; lenders: ObjectDirectory[] }> {
  const { commonDirectory, gitDirectory, objectFormat } = repository
  const head = (await readLine(join(gitDirectory, 'HEAD'))) ?? ''
  if (!/^(ref: *refs\/\S+|[0-9a-f]{40}|[0-9a-f]{64})$/.test(head)) {
    throw new RepositoryRefused('unsafe', join(gitDirectory, 'HEAD'), 'is not a HEAD')
  }
  // The server does not support this form of references; git would see a repository without branches.
  const otherForm = join(commonDirectory, 'reftable')
  if ((await realPathOf(otherForm)) !== undefined) {
    throw new RepositoryRefused('unsafe', otherForm, 'is a form of references that is not read')
  }
  const references = await zone.findDirectory(join(commonDirectory, 'refs'))
  if (references === undefined) throw notRegular(join(commonDirectory, 'refs'))
  await requirePlainReferences(references, { left: maxReferences })
  await requireRegularFile(join(commonDirectory, 'packed-refs'), maxPackedReferencesBytes)
  const lenders = await listObjectDirectories(join(commonDirectory, 'objects'), zone)
  const logs = await zone.findDirectory(join(commonDirectory, 'logs'))
  if (logs !== undefined)
    await requirePlainReferences(logs, { left: maxReferences }, Number.POSITIVE_INFINITY)

  await mkdir(join(path, 'objects', 'info'), { recursive: true, mode: 0o700 })
  await mkdir(join(path, 'info'))
  const alternates = []
  for (const lender of lenders) alternates.push(await linkObjects(lender, join(path, 'lenders')))
  await writeFile(join(path, 'objects', 'info', 'alternates'), alternates.map(line => `${line}\n`).join(''))
  await writeFile(join(path, 'HEAD'), `${head}\n`)
  await writeFile(join(path, 'config'), toConfig(objectFormat))
  const shallow = await readRegularFile(join(commonDirectory, 'shallow'), maxShallowBytes)
  if (shallow) await writeFile(join(path, 'shallow'), shallow)
  // Git locks and replaces the target of a link, not the link.
  await symlink(references, join(path, 'refs'))
  await symlink(join(commonDirectory, 'packed-refs'), join(path, 'packed-refs'))
  if (logs !== undefined) await symlink(logs, join(path, 'logs'))
  return { references, logs, lenders }
}

/** Checks that references and their logs are regular files in directories, because git would follow links. */
async function requirePlainReferences(
  directory: string,
  count: { left: number },
  maxBytes = maxLineBytes,
): Promise<void> {
  for await (const { path, type } of walkEntries(directory)) {
    if (--count.left < 0) throw new RepositoryRefused('unsafe', directory, 'has too many references')
    if (type === 'other') throw notRegular(path)
    if (type === 'file') await requireRegularFile(path, maxBytes)
  }
}

export function toConfig(objectFormat: Repository['objectFormat']): string {
  const sha256 = objectFormat === 'sha256'
  return [
    '[core]',
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    '\tbare = false',
    '\tlooseCompression = 1',
    '\tquotePath = false',
    // The mapped windows of packs, to stay within the memory limit.
    '\tpackedGitWindowSize = 32m',
    '\tpackedGitLimit = 512m',
    ...(sha256 ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '',
  ].join('\n')
}
