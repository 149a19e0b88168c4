import type { Log } from '../lib/log.ts'
import type { WorkspaceSnapshots } from './files/workspace-snapshots.ts'
import type { KnownSessions } from './lifecycle/known-sessions.ts'
import type { Limits } from './limits/limits.ts'
import type { EventLog } from './log/event-log.ts'
import type { OpenSessions } from './open-sessions.ts'
import type { SessionsOptions } from './options.ts'
import type { MessageReader, Store, Workspaces } from './ports/index.ts'
import type { SettingsInForce } from './settings/settings-in-force.ts'

/** The dependencies that the parts of the session layer share. */
export interface Core {
  store: Store
  messages: MessageReader
  log: EventLog
  live: OpenSessions
  limits: Limits
  known: KnownSessions
  options: SessionsOptions
  faults: Pick<Log, 'error'>
  workspaces: Workspaces
  /** Undefined: directories stay where they are. */
  snapshots: WorkspaceSnapshots | undefined
  settingsInForce: SettingsInForce
}
