import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnWorkspaceRequest } from '../../src/sessions/ports/index.ts'
import type { GitBox } from '../../src/workspace/git/git-box.ts'
import { Git } from '../../src/workspace/git/git-command.ts'
import { SnapshotRepository } from '../../src/workspace/history/snapshot-repository.ts'
import { LocalWorkspaceProvider } from '../../src/workspace/provisioning/provider.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

/**
 * What makes workspaces and snapshots, with an allowed root and a directory beside it that is not one.
 *
 * @param more of the environment of git
 */
export function openProvider(
  more: Record<string, string> = {},
  given: { root?: string; data?: string; box?: GitBox } = {},
) {
  const directory = temporaryDirectory()
  const root = given.root ?? join(directory, 'root')
  const outside = join(directory, 'outside')
  const data = given.data ?? join(directory, 'data')
  mkdirSync(join(data, 'repositories'), { recursive: true })
  const places = { allowedRoots: [root], reserved: [data] }
  const git = new Git({ PATH: process.env.PATH ?? '', ...more }, data, given.box)
  const warnings: object[] = []
  const provider = new LocalWorkspaceProvider({
    tenantId: 'default',
    directory: join(data, 'workspaces'),
    git,
    repositories: join(data, 'repositories'),
    places,
    cloneUrls: [],
    cloneTimeoutMs: 60_000,
    resolveDirectory: async path => path,
    log: { warn: fields => warnings.push(fields) },
  })
  const provide = (request: OwnWorkspaceRequest) =>
    provider.provide(request, randomUUID(), new AbortController().signal)
  const clone = (url: string) => provide({ type: 'git', url, removeOnEnd: true })
  const worktree = (repository: string, extra: object = {}) =>
    provide({ type: 'worktree', repository, removeOnEnd: true, deleteBranch: true, ...extra })
  const snapshotsOf = (name: string) => new SnapshotRepository(join(data, name), git, places)
  const snapshot = (cwd: string) => snapshotsOf('snapshots.git').writeTree([cwd])
  return { root, outside, data, git, provider, clone, worktree, snapshot, snapshotsOf, warnings }
}
