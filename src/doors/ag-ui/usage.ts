import type { Turn } from '../../client/index.ts'
import type { TokenUsage } from './protocol.ts'

/** The tokens of a turn by model. The protocol counts cached tokens as part of the input. */
export function usageOf({ modelUsage }: Turn): { usage?: TokenUsage[] } {
  if (!modelUsage || modelUsage.length === 0) return {}
  return {
    usage: modelUsage.map(of => {
      const { cacheReadInputTokens: cachedInputTokens, cacheCreationInputTokens: cacheWriteInputTokens } = of
      const inputTokens = of.inputTokens + cachedInputTokens + cacheWriteInputTokens
      const { model, outputTokens } = of
      const totalTokens = inputTokens + outputTokens
      return { model, inputTokens, outputTokens, totalTokens, cachedInputTokens, cacheWriteInputTokens }
    }),
  }
}
