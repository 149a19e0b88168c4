import type { EventLog } from './event-log.ts'
import type { KnownSessions } from './known-sessions.ts'
import type { LiveSessions } from './live-sessions.ts'
import type { Store, Workspaces } from './ports.ts'
import type { WriterLog } from './session-writer.ts'
import type { SessionsOptions } from './sessions-options.ts'

/** What the parts of the heart share. */
export interface Core {
  store: Store
  log: EventLog
  live: LiveSessions
  known: KnownSessions
  options: SessionsOptions
  faults: WriterLog
  workspaces: Workspaces
}
