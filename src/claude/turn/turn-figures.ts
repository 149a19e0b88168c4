import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { ModelUsage, Usage } from '../../contract/turns.ts'
import { toMicroDollars } from '../../lib/micro-dollars.ts'
import type { UsageShare } from '../../sessions/ports/index.ts'
import type { ObservedTokens, ObservedUsage } from './observed-usage.ts'

/**
 * Computes the usage of a turn from its results, or from observations if there is none.
 *
 * @param costBefore `total_cost_usd` of the previous turn, which accumulates in a process
 */
export function toFigures(
  results: readonly SDKResultMessage[],
  observed: ObservedUsage,
  costBefore: number | null,
): UsageShare {
  if (results.length === 0) return toFiguresWithoutResult(observed)
  const counted = sinceLastResult(results)
  return {
    usage: addUp(counted ?? results.map(ofMainConversation)),
    costUsd: toCost(results, counted, costBefore),
    modelUsage: counted ? byModel(counted) : null,
  }
}

/** Computes the usage of a running turn from Claude Code's count, or from observations. */
export function toFiguresSoFar(counted: ModelUsage[] | undefined, observed: ObservedUsage): UsageShare {
  if (!counted) return toFiguresWithoutResult(observed)
  return { usage: addUp(counted), costUsd: addCosts(counted), modelUsage: byModel(counted) }
}

const unknown: UsageShare = { usage: null, costUsd: null, modelUsage: null }

/** Computes the usage of an interrupted turn. A count of zero means unknown, because the model may have been called. */
export function orUnknown(figures: UsageShare): UsageShare {
  return figures.usage && Object.values(figures.usage).some(count => count > 0) ? figures : unknown
}

function toFiguresWithoutResult({ messages }: ObservedUsage): UsageShare {
  if (messages.length === 0) return unknown
  return { usage: addUp(messages), costUsd: null, modelUsage: byModel(messages.map(withoutCost)) }
}

/** Converts Claude Code's count, in which an unfinished answer is estimated. */
interface CountedModel extends Usage {
  costUSD: number
  webSearchRequests?: number
}

/** The usage per model since the previous result; sent by the pinned Claude Code but not in the SDK's typings. */
function sinceLastResult(results: readonly SDKResultMessage[]): ModelUsage[] | undefined {
  const counted = results.map(
    result =>
      (result as { model_usage_since_last_result?: Record<string, CountedModel> })
        .model_usage_since_last_result,
  )
  if (counted.some(models => models === undefined)) return undefined
  return counted.flatMap(models => Object.entries(models ?? {}).map(toModelUsage))
}

function toModelUsage([model, counted]: [string, CountedModel]): ModelUsage {
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = counted
  return {
    model,
    inputTokens,
    outputTokens,
    cacheReadInputTokens,
    cacheCreationInputTokens,
    costUsd: toMicroDollars(counted.costUSD),
    costComplete: true,
    webSearchRequests: counted.webSearchRequests ?? 0,
  }
}

/** Returns the usage of the main conversation only, as a fallback. */
function ofMainConversation({ usage }: SDKResultMessage): Usage {
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadInputTokens: usage.cache_read_input_tokens,
    cacheCreationInputTokens: usage.cache_creation_input_tokens,
  }
}

function withoutCost(observed: ObservedTokens): ModelUsage {
  return { ...observed, costUsd: null, costComplete: false, webSearchRequests: 0 }
}

function addUp(shares: readonly Usage[]): Usage {
  const sum = (kind: keyof Usage) => shares.reduce((total, share) => total + share[kind], 0)
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadInputTokens: sum('cacheReadInputTokens'),
    cacheCreationInputTokens: sum('cacheCreationInputTokens'),
  }
}

/** One entry for each model. */
function byModel(shares: readonly ModelUsage[]): ModelUsage[] {
  return [...Map.groupBy(shares, ({ model }) => model)].map(([model, ofModel]) => {
    return {
      model,
      ...addUp(ofModel),
      costUsd: ofModel.some(({ costUsd }) => costUsd !== null) ? addCosts(ofModel) : null,
      costComplete: ofModel.every(({ costComplete }) => costComplete),
      webSearchRequests: ofModel.reduce((total, share) => total + share.webSearchRequests, 0),
    }
  })
}

function toCost(
  results: readonly SDKResultMessage[],
  counted: readonly ModelUsage[] | undefined,
  before: number | null,
): number | null {
  if (counted) return addCosts(counted)
  const total = results.at(-1)?.total_cost_usd
  return before === null || total === undefined ? null : toMicroDollars(Math.max(0, total - before))
}

function addCosts(shares: readonly ModelUsage[]): number {
  return toMicroDollars(shares.reduce((total, { costUsd }) => total + (costUsd ?? 0), 0))
}
