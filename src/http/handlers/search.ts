import { toTimestamp } from '../../contract/primitives.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

export function searchHandlers(deps: HttpDeps): Pick<Handlers, 'search'> {
  return {
    async search({ caller, query }) {
      const { hits, nextCursor } = await deps.service.search.find(caller, query)
      const results = hits.map(({ at, ...hit }) => ({ ...hit, timestamp: toTimestamp(at) }))
      return { status: 200, body: { results, nextCursor } }
    },
  }
}
