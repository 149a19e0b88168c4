import type { Log } from '../../lib/log.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { WorkspaceSnapshots } from '../files/workspace-snapshots.ts'
import type { Limits } from '../limits/limits.ts'
import type { EventLog } from '../log/event-log.ts'
import type { AgentLauncher, Store, Workspaces } from '../ports/index.ts'
import type { SettingsInForce } from '../settings/settings-in-force.ts'
import type { ProcessPool } from './process-pool.ts'

export interface SessionProcessContext {
  store: Store
  log: EventLog
  launcher: AgentLauncher
  pool: ProcessPool
  limits: Limits
  sealer: Sealer
  settingsInForce: SettingsInForce
  /** How long a process may wait for its next turn before it is ended, in milliseconds. */
  idleTimeoutMs: number
  /** How long a process is kept for an open permission request, in milliseconds. */
  permissionParkMs: number
  faults: Pick<Log, 'error'>
  workspaces: Workspaces
  /** Undefined: directories stay where they are. */
  snapshots: WorkspaceSnapshots | undefined
  /** Fires when the service gives up waiting. */
  signal: AbortSignal
  /** The session's process is gone and nothing runs. */
  onDispensable(sessionId: string): void
}
