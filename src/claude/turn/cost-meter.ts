import type { ModelUsage as CountedModel, Query, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { ModelUsage } from '../../contract/turns.ts'

type Counted = Record<string, CountedModel>

/** An answer that takes longer will not come: a person waits to be asked. */
const answerBoundMs = 2_000

/**
 * What a turn has taken before its result says so, as Claude Code has it. It counts over the whole conversation, so
 * what it had counted when the turn began is taken off.
 */
export class CostMeter {
  /** What had been counted at the last result, or at the start. */
  #last: Promise<Counted | undefined> = Promise.resolve({})
  #atBegin = this.#last

  /** To be called before the process has taken up anything: a conversation that is resumed has counted before. */
  start(query: Query, resumed: boolean): void {
    if (resumed) this.#last = ask(query)
    this.begin()
  }

  /** A turn begins. */
  begin(): void {
    this.#atBegin = this.#last
  }

  observe(message: SDKMessage): void {
    if (message.type === 'result') this.#last = Promise.resolve(message.modelUsage)
  }

  /** Since the turn began, per model; undefined where Claude Code does not tell. */
  async read(query: Query): Promise<ModelUsage[] | undefined> {
    const [before, now] = await Promise.all([this.#atBegin, ask(query)])
    if (!before || !now) return undefined
    return Object.entries(now).flatMap(([model, counted]) => toShare(model, counted, before[model]))
  }
}

async function ask(query: Query): Promise<Counted | undefined> {
  const bound = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => bound.resolve(undefined), answerBoundMs)
  // Whoever closes the process is told by its end; here it only means that nothing is known.
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
    costUsd: since('costUSD'),
    costComplete: true,
    webSearchRequests: since('webSearchRequests'),
  }
  const isNothing = [share.inputTokens, share.outputTokens, share.costUsd].every(count => count === 0)
  return isNothing ? [] : [share]
}
