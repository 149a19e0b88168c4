import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileHistoryStore, WorkspaceProvider, Workspaces } from '../sessions/ports.ts'
import { FileCheckpoints } from './checkpoints.ts'
import { LocalDiffs } from './diffs.ts'
import { Git } from './git-command.ts'
import { KeptContents } from './kept-contents.ts'
import { LocalWorkspaceProvider, type ProviderParts } from './provider.ts'
import { GitSnapshots } from './snapshots.ts'

export interface WorkspacesParts extends Omit<ProviderParts, 'git' | 'directory'> {
  store: FileHistoryStore
  dataDir: string
  workspacesDir: string
  /** What git gets of the server's environment. */
  gitEnvironment: Readonly<Record<string, string>>
}

/** Whatever git and the checkpoints need is below the data directory, one directory for each session. */
export function createWorkspaces(parts: WorkspacesParts): Workspaces {
  const { store, dataDir, workspacesDir, gitEnvironment, ...rest } = parts
  const git = new Git(gitEnvironment, dataDir)
  const directory = join(dataDir, 'file-history')
  const contents = new KeptContents(directory)
  const checkpoints = new FileCheckpoints(store, contents)
  const snapshots = new GitSnapshots(store, git, directory, [dataDir, workspacesDir], rest.log)
  const provider: WorkspaceProvider = new LocalWorkspaceProvider({ ...rest, git, directory: workspacesDir })
  return {
    provider,
    snapshots,
    checkpoints,
    diffs: new LocalDiffs(snapshots, checkpoints, contents, rest.log),
    async forget(sessionId) {
      await rm(join(directory, sessionId), { recursive: true, force: true })
    },
  }
}
