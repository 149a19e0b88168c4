import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { longestUsageReportDays, type UsageDimension, usageDimensions } from '../../contract/usage.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import type { Core } from '../core.ts'
import type { UsageGroup, UsageSums } from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'
import { toDay } from '../turns/usage-entries.ts'

const dayMs = 24 * 60 * 60 * 1000

type ReportQuery = Omit<OperationInput<'getUsageReport'>['query'], 'format'>

/** A page of usage; the values of each group are in the order of `groupBy`. */
export interface UsagePage {
  from: string
  to: string
  groupBy: readonly UsageDimension[]
  groups: UsageGroup[]
  nextCursor: string | null
}

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

  /**
   * The usage of a tenant or of all, by what the query names.
   * @throws ServiceError INVALID_REQUEST
   */
  async report(caller: Caller, query: ReportQuery): Promise<UsagePage> {
    const { limit, cursor, key: keyId } = query
    const named = query.groupBy.split(',')
    // Always in the same order, so that there are few kinds of queries.
    const groupBy = usageDimensions.filter(name => named.includes(name))
    const { from, to } = toRange(query, groupBy)
    const tenantId = listedTenant(caller, query.tenant)
    const list = ['usage', tenantId ?? null, keyId ?? null, from, to, groupBy]
    const after = cursor === undefined ? undefined : readCursor(list, cursor)?.map(String)
    if (cursor !== undefined && after === undefined) {
      throw invalidField('cursor', 'must be a cursor of this report')
    }
    // One more than asked for tells whether there is a next page.
    const found = await this.#core.store.ledger.listUsage({
      tenantId,
      keyId,
      from,
      to,
      groupBy,
      limit: limit + 1,
      after,
    })
    const groups = found.slice(0, limit)
    const last = groups.at(-1)
    const nextCursor = last && found.length > limit ? toCursor(list, last.values) : null
    return { from, to, groupBy, groups, nextCursor }
  }
}

/** @throws ServiceError INVALID_REQUEST */
function toRange(
  { to = toDay(Date.now()), from = `${to.slice(0, 7)}-01` }: ReportQuery,
  groupBy: readonly UsageDimension[],
) {
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1
  const longest = longestUsageReportDays(groupBy)
  if (days < 1) throw invalidField('from', `must not be after ${to}, the last day`)
  if (days > longest) {
    const message = `must be at most ${longest} days before the last day, ${to}, grouped by ${groupBy.join()}`
    throw invalidField('from', message)
  }
  return { from, to }
}
