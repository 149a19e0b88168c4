import type { CallerLimitName } from '../../contract/caller-limits.ts'
import type { ServiceError } from '../../contract/errors.ts'
import type { SessionLimits, Store } from '../ports/index.ts'
import { toDay } from '../turns/usage-entries.ts'
import { type LimitedCaller, type LimitsOf, levels, limitReached, spendLimitReached } from './limits-of.ts'
import { RunningTurns } from './running-turns.ts'
import type { SharedLimits } from './shared-limits.ts'
import { TurnRate } from './turn-rate.ts'

export interface LimitsParts {
  store: Store
  /** Left out: there are no limits. */
  limitsOf?: LimitsOf
  /** Counts over all nodes; left out: this server is alone. */
  sharedLimits?: SharedLimits | undefined
}

/** The limits of keys and tenants on sessions, turns and spend. A caller without limits costs nothing here. */
export class Limits {
  readonly running: RunningTurns
  readonly turnRate: TurnRate
  readonly #limitsOf: LimitsOf
  readonly #store: Pick<Store, 'ledger'>

  constructor({ store, limitsOf = () => ({}), sharedLimits }: LimitsParts) {
    this.#limitsOf = limitsOf
    this.#store = store
    this.running = new RunningTurns(limitsOf, sharedLimits?.places)
    this.turnRate = new TurnRate(limitsOf, store.ledger, sharedLimits?.counters)
  }

  /**
   * To be waited for before a prompt is accepted.
   * @throws ServiceError SPEND_LIMIT_REACHED
   */
  async prepareTurn(caller: LimitedCaller): Promise<void> {
    await this.turnRate.prepare(caller)
    const spent = await this.findSpent(caller)
    if (spent) throw spent
    await this.running.prepare(caller)
  }

  /** The error of a caller that has spent what it may; undefined: it has not. */
  async findSpent(caller: LimitedCaller): Promise<ServiceError<'SPEND_LIMIT_REACHED'> | undefined> {
    const limits = this.#limitsOf(caller)
    if (!this.#has(caller, 'spendPerDayUsd') && !this.#has(caller, 'spendPerMonthUsd')) return undefined
    const now = new Date()
    const spent = await this.#store.ledger.sumSpent(caller.tenantId, caller.keyId, toDay(now.getTime()))
    const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
    const periods = [
      ['spendPerMonthUsd', 'month', Date.UTC(year, month + 1)],
      ['spendPerDayUsd', 'day', Date.UTC(year, month, day + 1)],
    ] as const
    for (const level of levels) {
      for (const [name, period, freesAt] of periods) {
        const limit = limits[level]?.[name]
        const used = spent[level][period] / 1e6
        if (limit !== undefined && used >= limit)
          return spendLimitReached({ name, level, limit, used, freesAt })
      }
    }
    return undefined
  }

  /** Refuses a session before anything is made for it. @throws ServiceError CALLER_LIMIT_REACHED */
  async checkSessions(caller: LimitedCaller): Promise<void> {
    if (!this.#has(caller, 'activeSessions')) return
    const limits = this.#limitsOf(caller)
    const active = await this.#store.ledger.countActiveSessions(caller.tenantId, caller.keyId)
    for (const level of levels) {
      const limit = limits[level]?.activeSessions
      const used = active[level]
      if (limit !== undefined && used >= limit)
        throw limitReached({ name: 'activeSessions', level, limit, used })
    }
  }

  /** The limits that the store checks when it stores a session: it alone knows the sessions of all nodes. */
  sessionsOf(caller: LimitedCaller): Pick<SessionLimits, 'key' | 'tenant'> {
    const { key, tenant } = this.#limitsOf(caller)
    return { key: key?.activeSessions, tenant: tenant?.activeSessions }
  }

  #has(caller: LimitedCaller, name: CallerLimitName): boolean {
    const { key, tenant } = this.#limitsOf(caller)
    return key?.[name] !== undefined || tenant?.[name] !== undefined
  }
}
