import type { Store } from '../ports/index.ts'
import type { MessagePayload, TurnRecord } from '../records.ts'

/** The result of a compaction. */
export interface Compaction {
  compacted: boolean
  tokensBefore: number | null
  tokensAfter: number | null
  /** Why the conversation was not compacted, in Claude Code's words. */
  message: string | null
}

/** How many events are read at once; a compaction makes a handful. */
const pageSize = 100

/** Returns the result of a compaction, which Claude Code reports in a message of the turn. */
export async function readCompaction(store: Store, tenantId: string, turn: TurnRecord): Promise<Compaction> {
  const { sessionId, id: turnId, firstSequence, lastSequence } = turn
  let after = (firstSequence ?? 1) - 1
  while (after < (lastSequence ?? 0)) {
    const events = await store.listEvents(tenantId, { sessionId, turnId, after, limit: pageSize })
    for (const { type, payload } of events) {
      const { message } = payload as unknown as MessagePayload
      if (type === 'message' && message.subtype === 'compact_boundary') return toCompaction(message)
    }
    after = events.at(-1)?.sequence ?? lastSequence ?? 0
  }
  return { compacted: false, tokensBefore: null, tokensAfter: null, message: turn.response || null }
}

function toCompaction({ compact_metadata: metadata }: Record<string, unknown>): Compaction {
  const { pre_tokens, post_tokens } = { ...(metadata as Record<string, unknown> | undefined) }
  return {
    compacted: true,
    tokensBefore: toCount(pre_tokens),
    tokensAfter: toCount(post_tokens),
    message: null,
  }
}

function toCount(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
