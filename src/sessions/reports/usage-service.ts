import type { UsageSums } from '../ports.ts'
import type { Caller } from '../records.ts'

/** What the doors can ask about tokens and cost. */
export interface UsageService {
  /** As it is now, added up over the turns of the session. */
  get(caller: Caller, sessionId: string): Promise<UsageSums>
}
