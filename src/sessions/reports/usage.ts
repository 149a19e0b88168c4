import type { Core } from '../core.ts'
import type { UsageSums } from '../ports/index.ts'
import type { Caller } from '../records.ts'

/** Reports on tokens and cost. */
export class SessionUsageSums {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** As it is now, added up over the turns of the session. */
  async get(caller: Caller, sessionId: string): Promise<UsageSums> {
    const { known, store } = this.#core
    await known.get(caller, sessionId)
    return store.usage.sumUsage(caller.tenantId, sessionId, Date.now())
  }
}
