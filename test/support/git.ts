import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
}

export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, env: environment, encoding: 'utf8' }).trim()
}

/** A repository with one commit of these files. */
export function makeRepository(
  directory: string,
  files: Record<string, string> = { 'a.txt': 'one\n' },
): string {
  mkdirSync(directory, { recursive: true })
  git(directory, 'init', '--quiet', '--initial-branch=main')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), content)
  }
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--message=first')
  return directory
}

/** All that must stay as it is while somebody only looks: the index, the objects, the branches. */
export function fingerprintOf(repository: string): object {
  const index = readFileSync(join(repository, '.git', 'index'))
  return {
    index: createHash('sha256').update(index).digest('hex'),
    objects: git(repository, 'count-objects', '-v'),
    refs: git(repository, 'for-each-ref'),
    stash: git(repository, 'stash', 'list'),
    worktrees: git(repository, 'worktree', 'list', '--porcelain'),
  }
}
