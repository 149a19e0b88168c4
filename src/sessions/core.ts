import type { Log } from '../lib/log.ts'
import type { KnownSessions } from './known-sessions.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { EventLog } from './log/event-log.ts'
import type { Store, Workspaces } from './ports.ts'
import type { SessionsOptions } from './sessions-options.ts'
import type { SettingsInForce } from './settings/settings-in-force.ts'

/** What the parts of the heart share. */
export interface Core {
  store: Store
  log: EventLog
  live: LiveSessions
  known: KnownSessions
  options: SessionsOptions
  faults: Pick<Log, 'error'>
  workspaces: Workspaces
  settingsInForce: SettingsInForce
}
