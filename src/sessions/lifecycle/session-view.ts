import type { SessionState } from '../../contract/sessions.ts'
import type { SessionDigest } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import type { InForce } from '../settings/settings-in-force.ts'

export interface SessionView {
  session: SessionRecord
  digest: SessionDigest
  state: SessionState
  /** How many background tasks run. */
  backgroundTasks: number
  settingsInForce: InForce
}
