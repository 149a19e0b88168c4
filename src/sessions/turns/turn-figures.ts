import type { ModelUsage, Usage } from '../../contract/turns.ts'
import { toMicroDollars } from '../../lib/micro-dollars.ts'
import type { TurnOutcome, UsageShare } from '../ports/index.ts'

/** The outcome of a turn with what its earlier processes have taken; undefined: it had none. */
export function withEarlier(outcome: TurnOutcome, earlier: UsageShare | undefined): TurnOutcome {
  if (!earlier) return outcome
  const { usage, costUsd, modelUsage = null } = outcome
  return { ...outcome, ...addShares(earlier, { usage, costUsd, modelUsage }) }
}

/** Adds the usage of two processes in one turn. If the cost of one is unknown, the sum counts as incomplete. */
export function addShares(earlier: UsageShare | undefined, later: UsageShare): UsageShare {
  if (!earlier) return later
  const costs = [earlier.costUsd, later.costUsd]
  const models = [...(earlier.modelUsage ?? []), ...(later.modelUsage ?? [])]
  const sum: UsageShare = {
    usage: addUsage(earlier.usage, later.usage),
    costUsd: addKnown(earlier.costUsd, later.costUsd),
    modelUsage: models.length > 0 ? byModel(models) : null,
  }
  return costs.includes(null) ? asIncomplete(sum) : sum
}

/** Marks the known figures as incomplete. */
export function asIncomplete({ modelUsage, ...share }: UsageShare): UsageShare {
  return { ...share, modelUsage: modelUsage?.map(model => ({ ...model, costComplete: false })) ?? null }
}

function addUsage(a: Usage | null, b: Usage | null): Usage | null {
  if (!a || !b) return a ?? b
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadInputTokens: a.cacheReadInputTokens + b.cacheReadInputTokens,
    cacheCreationInputTokens: a.cacheCreationInputTokens + b.cacheCreationInputTokens,
  }
}

function addKnown(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : toMicroDollars((a ?? 0) + (b ?? 0))
}

function byModel(shares: readonly ModelUsage[]): ModelUsage[] {
  return [...Map.groupBy(shares, ({ model }) => model)].map(([, ofModel]) => ofModel.reduce(addModel))
}

function addModel(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    ...a,
    ...addUsage(a, b),
    costUsd: addKnown(a.costUsd, b.costUsd),
    costComplete: a.costComplete && b.costComplete,
    webSearchRequests: a.webSearchRequests + b.webSearchRequests,
  }
}

/** Returns the known usage of a turn. */
export function figuresOf({ usage, costUsd, modelUsage }: UsageShare): UsageShare {
  return { usage, costUsd, modelUsage }
}
