import type { ModelUsage, Usage } from '../contract/turns.ts'
import type { TurnOutcome } from './ports.ts'

/**
 * The outcome of a turn with what its earlier processes had used. They were given up before they could say what it
 * cost, so that part of the cost stays unknown and is said to be.
 */
export function withEarlier(outcome: TurnOutcome, earlier: readonly TurnOutcome[]): TurnOutcome {
  if (earlier.length === 0) return outcome
  const all = [...earlier, outcome]
  const models = all.flatMap(({ modelUsage }) => modelUsage ?? [])
  return {
    ...outcome,
    usage: all.map(({ usage }) => usage).reduce(add, null),
    ...(models.length > 0 && { modelUsage: byModel(models) }),
  }
}

function add(a: Usage | null, b: Usage | null): Usage | null {
  if (!a || !b) return a ?? b
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadInputTokens: a.cacheReadInputTokens + b.cacheReadInputTokens,
    cacheCreationInputTokens: a.cacheCreationInputTokens + b.cacheCreationInputTokens,
  }
}

function byModel(shares: readonly ModelUsage[]): ModelUsage[] {
  return [...Map.groupBy(shares, ({ model }) => model)].map(([, ofModel]) => ofModel.reduce(addShare))
}

function addShare(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    ...a,
    ...add(a, b),
    costUsd: a.costUsd === null && b.costUsd === null ? null : (a.costUsd ?? 0) + (b.costUsd ?? 0),
    costComplete: a.costComplete && b.costComplete,
    webSearchRequests: a.webSearchRequests + b.webSearchRequests,
  }
}
