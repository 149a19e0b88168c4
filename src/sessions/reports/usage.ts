import type { Core } from '../core.ts'
import type { UsageSums } from '../ports.ts'
import type { Caller } from '../records.ts'
import type { UsageService } from './usage-service.ts'

/** Tokens and cost of sessions: see the port `UsageService`. */
export class SessionUsageSums implements UsageService {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  async get(caller: Caller, sessionId: string): Promise<UsageSums> {
    const { known, store } = this.#core
    await known.get(caller, sessionId)
    return store.usage.sumUsage(caller.tenantId, sessionId, Date.now())
  }
}
