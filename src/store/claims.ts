import { sql } from 'kysely'
import type { ClaimStore, NodeState } from '../sessions/ports/index.ts'
import { all, type Database, run } from './database.ts'
import type { Dialect } from './dialect.ts'
import { sessionsLeft } from './leftovers.ts'
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
      if (!found || (found.owner !== null && found.owner !== owner)) return undefined
      const { epoch } = found
      const claimed = await database.transaction(() => run(claim({ tenantId, sessionId, owner, epoch })))
      return claimed === 1 ? { owner, epoch: epoch + 1 } : undefined
    },

    async listOrphans(limit) {
      const rows = await database.all(selectOrphans({ limit }))
      return rows.map(({ id, tenant_id, epoch, volume }) => ({
        ...{ sessionId: id, tenantId: tenant_id, epoch, volume },
      }))
    },

    async claimOrphans(orphans, owner) {
      const claims = orphans.map(({ sessionId, epoch }) => ({ sessionId, epoch }))
      if (claims.length === 0) return new Map()
      const rows = await database.transaction(() => all(claimAll({ claims: JSON.stringify(claims), owner })))
      return new Map(rows.map(({ id, epoch }) => [id, { owner, epoch: epoch ?? 0 }]))
    },

    async pinSession(sessionId, { owner, epoch }, volume) {
      const changed = await database.transaction(() => run(pin({ sessionId, owner, epoch, volume })))
      return changed === 1
    },

    async releaseSession(sessionId, { owner, epoch }) {
      await database.transaction(() => run(release({ sessionId, owner, epoch })))
    },

    async releaseAll(owner, except) {
      await database.transaction(() =>
        run(releaseOwned({ owner, except: JSON.stringify(except.map(id => ({ id }))) })),
      )
    },

    async findPlacement(tenantId, sessionId) {
      const found = await database.first(selectClaim({ tenantId, sessionId }))
      return found && { owner: found.owner, volume: found.volume, isActive: found.status === 'active' }
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
    .select(eb => [
      'nodes.id as owner',
      'sessions.volume',
      'sessions.status',
      eb.fn.coalesce('sessions.epoch', sql.lit(0)).as('epoch'),
    ])
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

const pin = prepared((db, of: { sessionId: string; owner: string; epoch: number; volume: string }) =>
  db
    .updateTable('sessions')
    .set({ volume: of.volume, snapshot: null })
    .where('id', '=', of.sessionId)
    .where('owner', '=', of.owner)
    .where('epoch', '=', of.epoch),
)

const selectOrphans = prepared((db, of: { limit: number }) =>
  db
    .selectFrom('sessions')
    .select(eb => ['id', 'tenant_id', 'volume', eb.fn.coalesce('epoch', sql.lit(0)).as('epoch')])
    .where('id', 'in', eb => eb.selectFrom(sessionsLeft(db).as('waiting')).select('waiting.session_id'))
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('nodes')
            .select('nodes.id')
            .whereRef('nodes.id', '=', 'sessions.owner')
            .where('nodes.state', '!=', sql.lit<NodeState>('dead')),
        ),
      ),
    )
    .orderBy('id')
    .limit(of.limit),
)

/** As `claim`: the epoch that was seen decides. */
const claimAll = prepared((db, of: { claims: string; owner: string }, dialect) => {
  const { textIn, numberIn } = dialect
  const listed = sql.ref('listed.value')
  return db
    .updateTable('sessions')
    .set({ owner: of.owner, epoch: sql<number>`coalesce(sessions.epoch, 0) + 1` })
    .where(
      sql<boolean>`(sessions.id, cast(coalesce(sessions.epoch, 0) as float8)) in (
        select ${textIn(listed, 'sessionId')}, ${numberIn(listed, 'epoch')} from ${items(dialect, of.claims)})`,
    )
    .returning(['id', 'epoch'])
})

const releaseOwned = prepared((db, of: { owner: string; except: string }, dialect) =>
  db
    .updateTable('sessions')
    .set({ owner: null })
    .where('owner', '=', of.owner)
    .where(
      sql<boolean>`id not in (
        select ${dialect.textIn(sql.ref('listed.value'), 'id')} from ${items(dialect, of.except)})`,
    ),
)

function items({ items: itemsOf, itemsAlias }: Dialect, json: string) {
  return sql`${itemsOf(sql`${json}`)} as ${itemsAlias('listed')}`
}
