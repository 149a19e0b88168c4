import { sql } from 'kysely'
import type { ClaimStore, NodeState } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { prepared } from './query.ts'

interface OfSession {
  tenantId: string
  sessionId: string
}

/** Who may write to which session: see the port `ClaimStore`. */
export function createClaims(database: Database): ClaimStore {
  return {
    async claimSession(tenantId, sessionId, owner) {
      const found = await database.first(selectClaim({ tenantId, sessionId }))
      if (!found || found.owner !== null) return undefined
      const { epoch } = found
      const claimed = await database.transaction(() => run(claim({ tenantId, sessionId, owner, epoch })))
      return claimed === 1 ? { owner, epoch: epoch + 1 } : undefined
    },

    async releaseSession(sessionId, { owner, epoch }) {
      await database.transaction(() => run(release({ sessionId, owner, epoch })))
    },

    async findOwner(tenantId, sessionId) {
      return (await database.first(selectOwner({ tenantId, sessionId })))?.owner
    },
  }
}

/** The owner of a session, unless its life is over. */
const selectClaim = prepared((db, of: OfSession) =>
  db
    .selectFrom('sessions')
    .leftJoin('nodes', join =>
      join.onRef('nodes.id', '=', 'sessions.owner').on('nodes.state', '!=', sql.lit<NodeState>('dead')),
    )
    .select(eb => ['nodes.id as owner', eb.fn.coalesce('sessions.epoch', sql.lit(0)).as('epoch')])
    .where('sessions.id', '=', of.sessionId)
    .where('sessions.tenant_id', '=', of.tenantId),
)

/** Of two claims that have seen the same epoch, one changes the row. */
const claim = prepared((db, of: OfSession & { owner: string; epoch: number }) =>
  db
    .updateTable('sessions')
    .set({ owner: of.owner, epoch: sql<number>`${of.epoch} + 1` })
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where(eb => eb(eb.fn.coalesce('epoch', sql.lit(0)), '=', of.epoch)),
)

const release = prepared((db, of: { sessionId: string; owner: string; epoch: number }) =>
  db
    .updateTable('sessions')
    .set({ owner: null })
    .where('id', '=', of.sessionId)
    .where('owner', '=', of.owner)
    .where('epoch', '=', of.epoch),
)

const selectOwner = prepared((db, of: OfSession) =>
  db
    .selectFrom('sessions')
    .select('owner')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)
