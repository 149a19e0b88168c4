import type { Workspace, WorkspaceRequest } from '../../contract/workspace.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Snapshots, WorkspaceDiffs } from './snapshots.ts'

/** What is asked for beyond an existing directory. */
export type OwnWorkspaceRequest = Exclude<WorkspaceRequest, { type: 'directory' }>
/** A directory that the server has made for a session. */
export type OwnWorkspace = Exclude<Workspace, { type: 'directory' }>

/** Makes directories for sessions, and removes what it has made; nothing else is ever removed. */
export interface WorkspaceProvider {
  /**
   * @param signal ends it; nothing is left then, as with every failure
   * @throws ServiceError INVALID_REQUEST, CWD_NOT_ALLOWED, WORKSPACE_NOT_ALLOWED, WORKSPACE_FAILED
   */
  provide(request: OwnWorkspaceRequest, sessionId: string, signal: AbortSignal): Promise<OwnWorkspace>
  /** Takes back one whose session could not be made. */
  undo(workspace: OwnWorkspace): Promise<void>
  /** Removes one whose sessions are over. Idempotent. */
  remove(workspace: OwnWorkspace): Promise<void>
  /** All that are there, also of an earlier life of the server that broke off while it made one. */
  list(): Promise<OwnWorkspace[]>
}

/** Everything that a session's directories need beside their files. */
export interface Workspaces {
  readonly provider: WorkspaceProvider
  readonly snapshots: Snapshots
  readonly checkpoints: Checkpoints
  readonly diffs: WorkspaceDiffs
  /** Removes what is kept beside the store of a session's files and snapshots. */
  forget(sessionId: string): Promise<void>
  /** Ends whatever is at work, also what hangs; nothing begins afterwards. */
  close(): Promise<void>
}
