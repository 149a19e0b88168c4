import type { UsageDimension } from '../../contract/usage.ts'

/** Sums of usage; every one of them can be added to others. */
export interface UsageCounters {
  /** Turns that have ended. */
  turns: number
  /** Pieces of autonomous work. */
  autonomousWork: number
  activeMs: number
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
  webSearchRequests: number
  /** In millionths of a US dollar. */
  microUsd: number
  /** Turns and pieces of autonomous work of whose tokens nothing is known. */
  withoutTokens: number
  /** The same of their cost; also where only a part of it is known. */
  withoutCost: number
}

/** An addition to the ledger: what was used on a day, by a key, of a model. */
export interface UsageEntry extends UsageCounters {
  /** The key that is charged. */
  createdBy: string
  /** In UTC, as `2026-01-31`. */
  day: string
  /** Empty: what belongs to no model, such as the number of turns. */
  model: string
}

export interface UsageQuery {
  /** Undefined: of all tenants. */
  tenantId: string | undefined
  keyId: string | undefined
  /** Both ends included. */
  from: string
  to: string
  groupBy: readonly UsageDimension[]
  limit: number
  /** The values of the last group before; undefined: from the beginning. */
  after: readonly string[] | undefined
}

/** Usage of a group, with the value of each dimension. */
export interface UsageGroup extends UsageCounters {
  values: string[]
}

/** Cost in millionths of a US dollar. */
export interface SpentUsd {
  day: number
  month: number
}

/** The usage of all sessions, by day; it is written with the changes of sessions (`Change.usage`). */
export interface UsageLedger {
  /** In the order of the values. Groups by session know nothing of sessions that were removed. */
  listUsage(query: UsageQuery): Promise<UsageGroup[]>
  /**
   * The cost of a day and of its month up to it: of a tenant, and of one of its keys. A turn of which no cost is known
   * counts as an average one of the month.
   */
  sumSpent(tenantId: string, keyId: string, day: string): Promise<{ tenant: SpentUsd; key: SpentUsd }>
  /** When turns have been accepted since a time, by minute; of all keys of the tenant if none is given. */
  countAccepted(
    tenantId: string,
    keyId: string | undefined,
    since: number,
  ): Promise<{ at: number; count: number }[]>
  countActiveSessions(tenantId: string, keyId: string): Promise<{ tenant: number; key: number }>
}
