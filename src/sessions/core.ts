import type { KnownSessions } from './known-sessions.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { EventLog } from './log/event-log.ts'
import type { WriterLog } from './log/session-writer.ts'
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
  faults: WriterLog
  workspaces: Workspaces
  settingsInForce: SettingsInForce
}
