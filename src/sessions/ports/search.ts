import type { SearchResult } from '../../contract/search.ts'
import type { SessionFilter } from './session-lists.ts'

/** Words that follow each other, in lower case and without accents. */
export interface SearchTerm {
  words: readonly string[]
  /** Whether the last one may be the beginning of a word. */
  isPrefix: boolean
}

export interface SearchRequest extends Pick<SessionFilter, 'archived' | 'tags'> {
  /** All of them have to be in one text. */
  terms: readonly SearchTerm[]
  /** Undefined: all tenants. */
  tenantId: string | undefined
  /** Undefined: all sessions. */
  sessionId: string | undefined
  /** Only texts that were indexed before this one; undefined: all. */
  before: number | undefined
  limit: number
}

export interface FoundText {
  /** Its place in the index. */
  id: number
  sessionId: string
  sessionTitle: string | null
  turnId: string | null
  field: SearchResult['field']
  /** As far as it is indexed. */
  text: string
  at: number
}

/** The index over titles, prompts and answers; it follows the changes of sessions and turns by itself. */
export interface SearchStore {
  /**
   * Newest first. One call examines a bounded number of texts, and looks for phrases in a bounded number of characters, so
   * it may find fewer than there are.
   * @returns also where to continue; undefined: there are no more
   */
  search(request: SearchRequest): Promise<{ found: FoundText[]; before: number | undefined }>
}
