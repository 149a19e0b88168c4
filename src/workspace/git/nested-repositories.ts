import { lstat } from 'node:fs/promises'
import { isFsError } from '../files/file-errors.ts'
import type { GitResult } from './git-command.ts'

/** Runs git with the index of a snapshot. */
export type RunGit = (args: readonly string[], input?: Buffer) => Promise<GitResult>

/** The index mode of a nested repository; its commit is not inspected. */
const placeholder = '1'

/**
 * Keeps git from looking into nested repositories. For those in its index, git would run `git status` with the
 * settings of the nested repository; the flag "skip-worktree" prevents that.
 *
 * @param root the root of the working tree
 * @param run runs git with the index
 * @returns false if the index could not be changed
 */
export async function skipNestedRepositories(
  root: string,
  objectFormat: 'sha1' | 'sha256',
  run: RunGit,
): Promise<boolean> {
  const listed = await run(['ls-files', '--stage', '-z'])
  if (listed.code !== 0) return false
  const nested = listed.stdout
    .toString('latin1')
    .split('\0')
    .filter(entry => entry.startsWith('160000 '))
    .map(entry => Buffer.from(entry.slice(entry.indexOf('\t') + 1), 'latin1'))
  if (nested.length === 0) return true
  const there: Buffer[] = []
  const gone: Buffer[] = []
  for (const path of nested) {
    if (await isRepository(Buffer.concat([Buffer.from(`${root}/`), path]))) there.push(path)
    else gone.push(path)
  }
  const commit = placeholder.repeat(objectFormat === 'sha256' ? 64 : 40)
  const entry = (path: Buffer) => [Buffer.from(`160000 ${commit}\t`), path, Buffer.from('\0')]
  const steps: [readonly string[], Buffer][] = [
    [['--force-remove', '-z', '--stdin'], terminated(gone)],
    [['-z', '--index-info'], Buffer.concat(there.flatMap(entry))],
    [['--skip-worktree', '-z', '--stdin'], terminated(there)],
  ]
  for (const [args, input] of steps) {
    if (input.length > 0 && (await run(['update-index', ...args], input)).code !== 0) return false
  }
  return true
}

function terminated(paths: readonly Buffer[]): Buffer {
  return Buffer.concat(paths.flatMap(path => [path, Buffer.from('\0')]))
}

async function isRepository(directory: Buffer): Promise<boolean> {
  try {
    await lstat(Buffer.concat([directory, Buffer.from('/.git')]))
    return true
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
