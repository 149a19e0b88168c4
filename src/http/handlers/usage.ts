import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

export function usageHandlers(deps: HttpDeps): Pick<Handlers, 'getUsage'> {
  return {
    async getUsage({ caller, params: { sessionId } }) {
      const { withoutTokens, withoutCost, ...sums } = await deps.service.usage.get(caller, sessionId)
      const complete = { tokensComplete: withoutTokens === 0, costComplete: withoutCost === 0 }
      return { status: 200, body: { sessionId, ...sums, ...complete } }
    },
  }
}
