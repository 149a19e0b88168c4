import type { ModelUsage, Usage } from '../../contract/turns.ts'

/** What a piece of work took; null: not known. */
export interface UsageShare {
  usage: Usage | null
  costUsd: number | null
  modelUsage: ModelUsage[] | null
}

/** Something that Claude Code has gone on with by itself between two turns, and what it took. */
export interface OwnWork extends UsageShare {
  startedAt: number
  endedAt: number
}

/** What the turns of a session that have begun, and its own work between them, add up to. */
export interface UsageSums {
  turns: number
  activeMs: number
  tokens: Usage
  /** Turns, and pieces of own work, of whose tokens nothing is known. */
  withoutTokens: number
  /** What is in these sums of Claude Code's own work between turns. */
  betweenTurns: { times: number; activeMs: number; tokens: Usage; costUsd: number }
  costUsd: number
  /** Turns, and pieces of own work, of whose cost nothing is known, or not all. */
  withoutCost: number
  models: ModelUsage[]
}

export interface UsageReader {
  /** @param now when turns that have not ended are taken to end */
  sumUsage(tenantId: string, sessionId: string, now: number): Promise<UsageSums>
}
