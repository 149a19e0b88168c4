import type { Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

/** More turns than can be unfinished. */
const pageSize = 500

/** Whether a turn has worked after a time, so that it may have changed files since. */
export async function hasTurnSince(
  store: Store,
  { tenantId, id }: Pick<SessionRecord, 'tenantId' | 'id'>,
  time: number,
): Promise<boolean> {
  const { total } = await store.listTurns(tenantId, id, { limit: 1, offset: 0 })
  const offset = Math.max(0, total - pageSize)
  const { turns } = await store.listTurns(tenantId, id, { limit: pageSize, offset })
  const waiting = await store.permissions.listPermissions(tenantId, {
    ...{ sessionId: id, status: 'pending', limit: pageSize, offset: 0 },
  })
  return turns.some(turn => {
    if (turn.startedAt === null) return false
    if (turn.status === 'running') return true
    // A turn that waits for a person has changed nothing since it asked.
    const asked = waiting.permissions.filter(({ turnId }) => turnId === turn.id)
    if (turn.status === 'requires_action') {
      return asked.length === 0 || asked.some(({ requestedAt }) => requestedAt > time)
    }
    return turn.endedAt !== null && turn.endedAt > time
  })
}
