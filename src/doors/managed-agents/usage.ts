import type { ClaudeCodeClient, Usage as TurnUsage } from '../../client/index.ts'
import type { Money, Usage } from './event-types.ts'

/** The sum of several turns. */
export interface Totals extends TurnUsage {
  costUsd: number
  activeMs: number
}

export const noUsage: Totals = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  costUsd: 0,
  activeMs: 0,
}

/** The fields of a turn, or of its last event, that count. */
interface Used {
  usage?: TurnUsage | null
  costUsd?: number | null
  durationMs?: number | null
}

export function addUsage(before: Totals, { usage, costUsd, durationMs }: Used): Totals {
  return {
    inputTokens: before.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: before.outputTokens + (usage?.outputTokens ?? 0),
    cacheReadInputTokens: before.cacheReadInputTokens + (usage?.cacheReadInputTokens ?? 0),
    cacheCreationInputTokens: before.cacheCreationInputTokens + (usage?.cacheCreationInputTokens ?? 0),
    costUsd: before.costUsd + (costUsd ?? 0),
    activeMs: before.activeMs + (durationMs ?? 0),
  }
}

export function subtractUsage(from: Totals, { usage, costUsd, durationMs }: Used): Totals {
  return {
    inputTokens: from.inputTokens - (usage?.inputTokens ?? 0),
    outputTokens: from.outputTokens - (usage?.outputTokens ?? 0),
    cacheReadInputTokens: from.cacheReadInputTokens - (usage?.cacheReadInputTokens ?? 0),
    cacheCreationInputTokens: from.cacheCreationInputTokens - (usage?.cacheCreationInputTokens ?? 0),
    costUsd: from.costUsd - (costUsd ?? 0),
    activeMs: from.activeMs - (durationMs ?? 0),
  }
}

export function toUsage(totals: Totals): Usage {
  return {
    input_tokens: totals.inputTokens,
    output_tokens: totals.outputTokens,
    cache_read_input_tokens: totals.cacheReadInputTokens,
    cache_creation: { ephemeral_5m_input_tokens: totals.cacheCreationInputTokens },
    active_seconds: Math.round(totals.activeMs / 1000),
    list_cost: toMoney(totals.costUsd),
  }
}

/** Whole cents. */
export function toMoney(usd: number): Money {
  return { amount: String(Math.round(usd * 100)), currency: 'USD' }
}

/** The sums of a session, with what Claude does between turns, and those of its turns. */
export async function readUsage(
  api: ClaudeCodeClient,
  sessionId: string,
): Promise<{ all: Totals; ofTurns: Totals }> {
  const { tokens, costUsd, activeMs, betweenTurns } = await api.call('getUsage', { params: { sessionId } })
  const all = { ...tokens, costUsd, activeMs }
  const { tokens: usage, activeMs: durationMs } = betweenTurns
  return { all, ofTurns: subtractUsage(all, { usage, costUsd: betweenTurns.costUsd, durationMs }) }
}
