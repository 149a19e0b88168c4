import type { ModelUsage, Usage } from '../../contract/turns.ts'

/** What the turns of a session that have begun add up to. */
export interface UsageSums {
  turns: number
  activeMs: number
  tokens: Usage
  /** Turns of whose tokens nothing is known. */
  turnsWithoutTokens: number
  costUsd: number
  /** Turns of whose cost nothing is known, or not all. */
  turnsWithoutCost: number
  models: ModelUsage[]
}

export interface UsageReader {
  /** @param now when turns that have not ended are taken to end */
  sumUsage(tenantId: string, sessionId: string, now: number): Promise<UsageSums>
}
