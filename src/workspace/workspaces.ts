import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileHistoryStore, WorkspaceProvider, Workspaces } from '../sessions/ports.ts'
import { FileCheckpoints } from './checkpoints.ts'
import { LocalDiffs } from './diffs.ts'
import { KeptContents } from './kept-contents.ts'
import { LocalWorkspaceProvider, type ProviderParts } from './provider.ts'
import { GitSnapshots } from './snapshots.ts'

export interface WorkspacesParts extends Omit<ProviderParts, 'directory' | 'repositories'> {
  store: FileHistoryStore
  dataDir: string
  workspacesDir: string
}

/** Whatever git and the checkpoints need is below the data directory, one directory for each session. */
export function createWorkspaces(parts: WorkspacesParts): Workspaces {
  const { store, dataDir, workspacesDir, ...rest } = parts
  const { git } = rest
  const directory = join(dataDir, 'file-history')
  const contents = new KeptContents(directory)
  const checkpoints = new FileCheckpoints(store, contents, [...rest.places.allowedRoots, workspacesDir])
  const snapshots = new GitSnapshots(store, git, directory, rest.places, rest.log)
  const provider: WorkspaceProvider = new LocalWorkspaceProvider({
    ...rest,
    repositories: join(dataDir, 'repositories'),
    directory: workspacesDir,
  })
  return {
    provider,
    snapshots,
    checkpoints,
    diffs: new LocalDiffs(snapshots, checkpoints, contents, rest.log),
    close: () => git.close(),
    async forget(sessionId) {
      await rm(join(directory, sessionId), { recursive: true, force: true })
    },
  }
}
