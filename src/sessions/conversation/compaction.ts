import type { Core } from '../core.ts'
import type { TurnRecord } from '../records.ts'

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
export async function readCompaction(
  { store, messages }: Pick<Core, 'store' | 'messages'>,
  tenantId: string,
  turn: TurnRecord,
): Promise<Compaction> {
  const { sessionId, id: turnId, firstSequence, lastSequence } = turn
  let after = (firstSequence ?? 1) - 1
  while (after < (lastSequence ?? 0)) {
    const events = await store.listEvents(tenantId, { sessionId, turnId, after, limit: pageSize })
    for (const { type, payload } of events) {
      if (type !== 'message') continue
      const { compaction } = messages.read(payload.message)
      if (compaction) return { compacted: true, ...compaction, message: null }
    }
    after = events.at(-1)?.sequence ?? lastSequence ?? 0
  }
  return { compacted: false, tokensBefore: null, tokensAfter: null, message: turn.response || null }
}
