import { sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { FileHistoryStore } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { prepared, preparedBy } from './query.ts'
import { checkpointColumns, snapshotColumns } from './records.ts'
import type { CheckpointsTable, QueryBuilder, SnapshotsTable } from './schema.ts'
import { lockSession } from './session-queries.ts'
import { type OfTurn, selectTurnNumber } from './turn-queries.ts'

/** Which snapshots and kept files there are: see the port `FileHistoryStore`. */
export function createFileHistory(database: Database): FileHistoryStore {
  return {
    saveSnapshot(snapshot) {
      const { tenantId, sessionId, turnId } = snapshot
      const columns = snapshotColumns.toRow(snapshot)
      return database.transaction(function* () {
        yield* lockSession(tenantId, sessionId)
        const position = yield* findPosition(tenantId, sessionId, turnId)
        if (position === undefined) return false
        yield* run(noteHistory({ tenantId, sessionId }))
        return (yield* run(insertSnapshot({ ...columns, position } as SnapshotsTable))) === 1
      })
    },

    async hasSnapshot(tenantId, sessionId, turnId) {
      const query = selectAnySnapshot(turnId === null ? 'of session' : 'of turn', {
        tenantId,
        sessionId,
        turnId: turnId ?? '',
      })
      return (await database.first(query)) !== undefined
    },

    findSnapshot(tenantId, sessionId, sinceTurnId) {
      return database.read(function* () {
        const start = yield* findStart(tenantId, sessionId, sinceTurnId)
        if (start === undefined) return undefined
        const row = yield* first(selectSnapshot({ tenantId, sessionId, position: 2 * start }))
        return row && snapshotColumns.toRecord(row)
      })
    },

    async saveCheckpoint(checkpoint) {
      const { tenantId, sessionId, turnId } = checkpoint
      const columns = checkpointColumns.toRow(checkpoint)
      await database.transaction(function* () {
        const turn = yield* first(selectTurnNumber({ tenantId, sessionId, turnId }))
        if (!turn) throw new Error(`There is no turn ${turnId} in session ${sessionId}`)
        yield* run(noteHistory({ tenantId, sessionId }))
        yield* run(upsertCheckpoint({ ...columns, turn_number: turn.number } as CheckpointsTable))
      })
    },

    findCheckpoint(tenantId, sessionId, turnId, path) {
      return database.read(function* () {
        const turn = yield* first(selectTurnNumber({ tenantId, sessionId, turnId }))
        if (!turn) return undefined
        const row = yield* first(selectCheckpoint({ tenantId, sessionId, since: turn.number, path }))
        return row && checkpointColumns.toRecord(row)
      })
    },

    listCheckpoints(tenantId, sessionId, sinceTurnId) {
      return database.read(function* () {
        const since = yield* findStart(tenantId, sessionId, sinceTurnId)
        if (since === undefined) return []
        const rows = yield* all(selectCheckpoints({ tenantId, sessionId, since }))
        return rows.map(checkpointColumns.toRecord)
      })
    },

    async removeCheckpoints(tenantId, sessionId, sinceTurnId, paths) {
      const removed = [...paths]
      await database.transaction(function* () {
        const turn = yield* first(selectTurnNumber({ tenantId, sessionId, turnId: sinceTurnId }))
        if (!turn) return
        for (const path of removed) {
          yield* run(deleteCheckpoints({ tenantId, sessionId, since: turn.number, path }))
        }
      })
    },

    async listFileHistories(endedBefore, limit) {
      const rows = await database.all(selectFileHistories({ endedBefore, limit }))
      return rows.map(row => ({ tenantId: row.tenant_id, sessionId: row.session_id }))
    },

    async removeFileHistory(tenantId, sessionId) {
      await database.transaction(function* () {
        for (const table of ['snapshots', 'checkpoints', 'file_histories'] as const) {
          yield* run(deleteAllOf(table, { tenantId, sessionId }))
        }
      })
    },

    async countSessionsIn(directory) {
      const row = await database.first(countSessionsIn({ directory }))
      return { active: row?.active ?? 0, total: row?.total ?? 0 }
    },
  }
}

interface OfSession {
  tenantId: string
  sessionId: string
}

function* findPosition(tenantId: string, sessionId: string, turnId: string | null): Body<number | undefined> {
  if (turnId !== null) {
    const turn = yield* first(selectTurnNumber({ tenantId, sessionId, turnId }))
    return turn && 2 * turn.number
  }
  const session = yield* first(selectTurnCount({ tenantId, sessionId }))
  return session && 2 * session.turn_count + 1
}

/** From what number on; undefined: there is no such turn. */
function* findStart(tenantId: string, sessionId: string, turnId: string | null): Body<number | undefined> {
  if (turnId === null) return 0
  return (yield* first(selectTurnNumber({ tenantId, sessionId, turnId } satisfies OfTurn)))?.number
}

const selectTurnCount = prepared((db, of: OfSession) =>
  db
    .selectFrom('sessions')
    .select('turn_count')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

const noteHistory = prepared((db, of: OfSession) =>
  db
    .insertInto('file_histories')
    .values({ session_id: of.sessionId, tenant_id: of.tenantId })
    .onConflict(conflict => conflict.doNothing()),
)

/** The first one of a position stands. */
const insertSnapshot = prepared((db, row: SnapshotsTable) =>
  db
    .insertInto('snapshots')
    .values({
      session_id: row.session_id,
      position: row.position,
      tenant_id: row.tenant_id,
      turn_id: row.turn_id,
      tree: row.tree,
      missing: row.missing,
      taken_at: row.taken_at,
    })
    .onConflict(conflict => conflict.doNothing()),
)

const upsertCheckpoint = prepared((db, row: CheckpointsTable, dialect) => {
  const values = {
    before: row.before,
    after: row.after,
    disturbed: row.disturbed,
    taken_at: row.taken_at,
  }
  return db
    .insertInto('checkpoints')
    .values({
      session_id: row.session_id,
      turn_number: row.turn_number,
      path: row.path,
      tenant_id: row.tenant_id,
      turn_id: row.turn_id,
      ...values,
    })
    .onConflict(conflict =>
      conflict
        .expression(sql`session_id, turn_number, ${dialect.indexed(sql.ref('path'))}`)
        .doUpdateSet(values),
    )
})

const selectAnySnapshot = preparedBy((db, of: OfTurn, scope: 'of session' | 'of turn') => {
  const snapshots = snapshotsOf(db, of)
  return (scope === 'of turn' ? snapshots.where('turn_id', '=', of.turnId) : snapshots).limit(1)
})

export const selectSnapshot = prepared((db, of: OfSession & { position: number }) =>
  snapshotsOf(db, of).where('position', '>=', of.position).orderBy('position').limit(1),
)

type Since = OfSession & { since: number }

export const selectCheckpoints = prepared((db, of: Since) =>
  checkpointsOf(db, of).orderBy('turn_number').orderBy('path'),
)

const selectCheckpoint = prepared((db, of: Since & { path: string }) =>
  checkpointsOf(db, of).where('turn_number', '=', of.since).where('path', '=', of.path),
)

const deleteCheckpoints = prepared((db, of: Since & { path: string }) =>
  db
    .deleteFrom('checkpoints')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where('turn_number', '>=', of.since)
    .where('path', '=', of.path),
)

const deleteAllOf = preparedBy((db, of: OfSession, table: 'snapshots' | 'checkpoints' | 'file_histories') =>
  db.deleteFrom(table).where('session_id', '=', of.sessionId).where('tenant_id', '=', of.tenantId),
)

/** Over all tenants. */
export const selectFileHistories = prepared((db, of: { endedBefore: number; limit: number }) =>
  db
    .selectFrom('file_histories')
    .innerJoin('sessions', 'sessions.id', 'file_histories.session_id')
    .select(['file_histories.session_id', 'file_histories.tenant_id'])
    .where('sessions.ended_at', '<=', of.endedBefore)
    .where('sessions.status', '!=', sql.lit<SessionStatus>('active'))
    .orderBy('file_histories.session_id')
    .limit(of.limit),
)

/** Over all tenants. */
export const countSessionsIn = prepared((db, of: { directory: string }, dialect) =>
  db
    .selectFrom('sessions')
    .select(eb => [
      eb.fn.countAll<number>().as('total'),
      eb.fn.countAll<number>().filterWhere('status', '=', 'active').as('active'),
    ])
    .where(dialect.sameText(sql.ref('cwd'), sql`${of.directory}`)),
)

function snapshotsOf(db: QueryBuilder, of: OfSession) {
  return db
    .selectFrom('snapshots')
    .selectAll()
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
}

function checkpointsOf(db: QueryBuilder, of: Since) {
  return db
    .selectFrom('checkpoints')
    .selectAll()
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where('turn_number', '>=', of.since)
}
