import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileHistoryStore, WorkspaceProvider, Workspaces } from '../sessions/ports/index.ts'
import { FileCheckpoints } from './history/checkpoints.ts'
import { LocalDiffs } from './history/diffs.ts'
import { KeptContents } from './history/kept-contents.ts'
import { GitSnapshots } from './history/snapshots.ts'
import { LocalWorkspaceProvider, type ProviderParts } from './provisioning/provider.ts'

export interface WorkspacesParts extends Omit<ProviderParts, 'directory' | 'repositories'> {
  store: FileHistoryStore
  dataDir: string
  workspacesDir: string
}

/** Opens the workspaces. Git and checkpoints use the data directory, with one directory per session. */
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
