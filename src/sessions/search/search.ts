import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import { Pace } from '../../lib/pace.ts'
import type { Core } from '../core.ts'
import type { FoundText } from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'
import { readTerms } from './search-terms.ts'
import { type Snippet, toSnippet } from './snippet.ts'

export type SearchHit = Omit<FoundText, 'id' | 'text'> & Snippet

/** Snippets of longer texts are made one in each round of the event loop. */
const shortText = 4_096

/** Search in the texts of the sessions that the caller's list shows. */
export class Search {
  readonly #core: Core
  readonly #pace = new Pace(1)

  constructor(core: Core) {
    this.#core = core
  }

  /** @throws ServiceError INVALID_REQUEST that names `q` or `cursor` */
  async find(
    caller: Caller,
    { q, tenant, archived, tag, limit, cursor }: OperationInput<'search'>['query'],
  ): Promise<{ hits: SearchHit[]; nextCursor: string | null }> {
    const terms = readTerms(q)
    const tenantId = listedTenant(caller, tenant)
    const list = ['search', tenantId ?? null, caller.sessionId, terms, archived, tag ?? []]
    const { found, before } = await this.#core.store.search.search({
      terms,
      tenantId,
      sessionId: caller.sessionId ?? undefined,
      archived: archived === 'all' ? undefined : archived === 'true',
      tags: tag,
      before: cursor === undefined ? undefined : toPlace(list, cursor),
      limit,
    })
    const hits: SearchHit[] = []
    for (const { id: _, text, ...hit } of found) {
      if (text.length > shortText) await this.#pace.take()
      hits.push({ ...hit, ...toSnippet(text, terms) })
    }
    return {
      hits,
      nextCursor: before === undefined ? null : toCursor(list, [before]),
    }
  }
}

function toPlace(list: readonly unknown[], cursor: string): number {
  const [before] = readCursor(list, cursor) ?? []
  if (typeof before !== 'number') throw invalidField('cursor', 'must be a cursor of this search')
  return before
}
