import type {
  ModelUsage as CountedModel,
  Query,
  SDKMessage,
  SDKResultMessage,
} from '@anthropic-ai/claude-agent-sdk'
import type { ModelUsage } from '../../contract/turns.ts'
import { toMicroDollars } from '../../lib/micro-dollars.ts'

type Counted = Record<string, CountedModel>

/** The timeout of an answer, in milliseconds; a permission request is waiting for it. */
const answerBoundMs = 2_000

/**
 * The usage of a turn before its result, as counted by Claude Code. Claude Code counts over the whole conversation, so
 * the count at the start of the turn is subtracted.
 */
export class CostMeter {
  /** The count at the last result, or at the start. */
  #last: Promise<Counted | undefined> = Promise.resolve({})
  #atBegin = this.#last
  /** The cost of the conversation at the last result in US dollars; null: unknown. */
  #costBefore: number | null = null

  /** Must be called before the process reads input, because a resumed conversation starts with a count. */
  start(query: Query, resumed: boolean): void {
    this.#costBefore = resumed ? null : 0
    if (resumed) this.#last = ask(query)
    this.begin()
  }

  /** Records the start of a turn. */
  begin(): void {
    this.#atBegin = this.#last
  }

  observe(message: SDKMessage): void {
    if (message.type === 'result') this.#last = Promise.resolve(message.modelUsage)
  }

  /** The cost of the conversation before these results, which count from now on. */
  takeCostBefore(results: readonly SDKResultMessage[]): number | null {
    const before = this.#costBefore
    this.#costBefore = results.at(-1)?.total_cost_usd ?? before
    return before
  }

  /** Returns the usage per model since the start of the turn; undefined if Claude Code does not report it. */
  async read(query: Query): Promise<ModelUsage[] | undefined> {
    const [before, now] = await Promise.all([this.#atBegin, ask(query)])
    if (!before || !now) return undefined
    return Object.entries(now).flatMap(([model, counted]) => toShare(model, counted, before[model]))
  }
}

async function ask(query: Query): Promise<Counted | undefined> {
  const bound = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => bound.resolve(undefined), answerBoundMs)
  // The end of the process is reported elsewhere; here it only means that the usage is unknown.
  const answer = query
    .usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET({ skipBehaviors: true })
    .then(
      ({ session }) => session.model_usage,
      () => undefined,
    )
  return Promise.race([answer, bound.promise]).finally(() => clearTimeout(timer))
}

function toShare(model: string, now: CountedModel, before: CountedModel | undefined): ModelUsage[] {
  const since = (field: keyof CountedModel & `${string}${'Tokens' | 'USD' | 'Requests'}`) =>
    Math.max(0, (now[field] ?? 0) - (before?.[field] ?? 0))
  const share: ModelUsage = {
    model,
    inputTokens: since('inputTokens'),
    outputTokens: since('outputTokens'),
    cacheReadInputTokens: since('cacheReadInputTokens'),
    cacheCreationInputTokens: since('cacheCreationInputTokens'),
    costUsd: toMicroDollars(since('costUSD')),
    costComplete: true,
    webSearchRequests: since('webSearchRequests'),
  }
  const isNothing = [share.inputTokens, share.outputTokens, share.costUsd].every(count => count === 0)
  return isNothing ? [] : [share]
}
