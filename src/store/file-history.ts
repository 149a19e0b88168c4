import { sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { CheckpointRecord, FileHistoryStore, SnapshotRecord } from '../sessions/ports/index.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'
import type { CheckpointRow, QueryBuilder, SnapshotRow } from './schema.ts'

/** Which snapshots and kept files there are: see the port `FileHistoryStore`. */
export function createFileHistory(
  connection: Connection,
  writer: GroupCommit,
  ensureOpen: () => void,
): FileHistoryStore {
  const { db } = connection

  /** @returns undefined when the session has no such turn */
  function findTurnNumber(tenantId: string, sessionId: string, turnId: string): number | undefined {
    return connection.first(selectTurnNumber(db, tenantId, sessionId, turnId))?.number
  }

  function findPosition(tenantId: string, sessionId: string, turnId: string | null): number | undefined {
    if (turnId !== null) {
      const number = findTurnNumber(tenantId, sessionId, turnId)
      return number && 2 * number
    }
    const session = connection.first(
      db
        .selectFrom('sessions')
        .select('turn_count')
        .where('id', '=', sessionId)
        .where('tenant_id', '=', tenantId),
    )
    return session && 2 * session.turn_count + 1
  }

  /** From what number on; undefined: there is no such turn. */
  function findStart(tenantId: string, sessionId: string, sinceTurnId: string | null): number | undefined {
    return sinceTurnId === null ? 0 : findTurnNumber(tenantId, sessionId, sinceTurnId)
  }

  function noteHistory(tenantId: string, sessionId: string): void {
    const row = { session_id: sessionId, tenant_id: tenantId }
    connection.run(
      db
        .insertInto('file_histories')
        .values(row)
        .onConflict(conflict => conflict.doNothing()),
    )
  }

  return {
    async saveSnapshot(snapshot) {
      ensureOpen()
      const { tenantId, sessionId, turnId, tree, missing, takenAt } = snapshot
      return writer.write(() => {
        const position = findPosition(tenantId, sessionId, turnId)
        if (position === undefined) return false
        const row = {
          session_id: sessionId,
          position,
          tenant_id: tenantId,
          turn_id: turnId,
          tree,
          missing,
          taken_at: takenAt,
        }
        const insert = db
          .insertInto('snapshots')
          .values(row)
          .onConflict(conflict => conflict.doNothing())
        noteHistory(tenantId, sessionId)
        return connection.run(insert) === 1
      })
    },

    async hasSnapshot(tenantId, sessionId, turnId) {
      ensureOpen()
      let snapshots = snapshotsOf(db, tenantId, sessionId)
      if (turnId !== null) snapshots = snapshots.where('turn_id', '=', turnId)
      return connection.first(snapshots.limit(1)) !== undefined
    },

    async findSnapshot(tenantId, sessionId, sinceTurnId) {
      ensureOpen()
      const start = findStart(tenantId, sessionId, sinceTurnId)
      if (start === undefined) return undefined
      const row = connection.first(
        snapshotsOf(db, tenantId, sessionId)
          .where('position', '>=', 2 * start)
          .orderBy('position')
          .limit(1),
      )
      return row && toSnapshotRecord(row)
    },

    async saveCheckpoint(checkpoint) {
      ensureOpen()
      const { tenantId, sessionId, turnId, path } = checkpoint
      const values = {
        before: JSON.stringify(checkpoint.before),
        after: checkpoint.after && JSON.stringify(checkpoint.after),
        disturbed: +checkpoint.disturbed,
        taken_at: checkpoint.takenAt,
      }
      await writer.write(() => {
        const number = findTurnNumber(tenantId, sessionId, turnId)
        if (number === undefined) throw new Error(`There is no turn ${turnId} in session ${sessionId}`)
        const key = { session_id: sessionId, turn_number: number, path }
        noteHistory(tenantId, sessionId)
        connection.run(
          db
            .insertInto('checkpoints')
            .values({ ...key, tenant_id: tenantId, turn_id: turnId, ...values })
            .onConflict(conflict =>
              conflict.columns(['session_id', 'turn_number', 'path']).doUpdateSet(values),
            ),
        )
      })
    },

    async findCheckpoint(tenantId, sessionId, turnId, path) {
      ensureOpen()
      const number = findTurnNumber(tenantId, sessionId, turnId)
      if (number === undefined) return undefined
      const row = connection.first(
        checkpointsOf(db, tenantId, sessionId, number)
          .where('turn_number', '=', number)
          .where('path', '=', path),
      )
      return row && toCheckpointRecord(row)
    },

    async listCheckpoints(tenantId, sessionId, sinceTurnId) {
      ensureOpen()
      const start = findStart(tenantId, sessionId, sinceTurnId)
      if (start === undefined) return []
      const rows = checkpointsOf(db, tenantId, sessionId, start).orderBy('turn_number').orderBy('path')
      return connection.all(rows).map(toCheckpointRecord)
    },

    async removeCheckpoints(tenantId, sessionId, sinceTurnId, paths) {
      ensureOpen()
      await writer.write(() => {
        const start = findTurnNumber(tenantId, sessionId, sinceTurnId)
        if (start === undefined) return
        for (const path of paths) {
          connection.run(
            db
              .deleteFrom('checkpoints')
              .where('session_id', '=', sessionId)
              .where('tenant_id', '=', tenantId)
              .where('turn_number', '>=', start)
              .where('path', '=', path),
          )
        }
      })
    },

    async listFileHistories(endedBefore, limit) {
      ensureOpen()
      const rows = connection.all(selectFileHistories(db, endedBefore, limit))
      return rows.map(row => ({ tenantId: row.tenant_id, sessionId: row.session_id }))
    },

    async removeFileHistory(tenantId, sessionId) {
      ensureOpen()
      await writer.write(() => {
        for (const table of ['snapshots', 'checkpoints', 'file_histories'] as const) {
          connection.run(
            db.deleteFrom(table).where('session_id', '=', sessionId).where('tenant_id', '=', tenantId),
          )
        }
      })
    },

    async countSessionsIn(directory) {
      ensureOpen()
      const row = connection.first(countSessionsIn(db, directory))
      return { active: row?.active ?? 0, total: row?.total ?? 0 }
    },
  }
}

/** Over all tenants. */
export function selectFileHistories(db: QueryBuilder, endedBefore: number, limit: number) {
  return db
    .selectFrom('file_histories')
    .innerJoin('sessions', 'sessions.id', 'file_histories.session_id')
    .select(['file_histories.session_id', 'file_histories.tenant_id'])
    .where('sessions.ended_at', '<=', endedBefore)
    .where('sessions.status', '!=', sql.lit<SessionStatus>('active'))
    .orderBy('file_histories.session_id')
    .limit(limit)
}

/** Over all tenants. */
export function countSessionsIn(db: QueryBuilder, directory: string) {
  return db
    .selectFrom('sessions')
    .select(eb => [
      eb.fn.countAll<number>().as('total'),
      eb.fn.countAll<number>().filterWhere('status', '=', 'active').as('active'),
    ])
    .where('cwd', '=', directory)
}

function selectTurnNumber(db: QueryBuilder, tenantId: string, sessionId: string, turnId: string) {
  return db
    .selectFrom('turns')
    .select('number')
    .where('id', '=', turnId)
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
}

export function snapshotsOf(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db
    .selectFrom('snapshots')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
}

export function checkpointsOf(db: QueryBuilder, tenantId: string, sessionId: string, since: number) {
  return db
    .selectFrom('checkpoints')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .where('turn_number', '>=', since)
}

function toSnapshotRecord(row: SnapshotRow): SnapshotRecord {
  return {
    tenantId: row.tenant_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    tree: row.tree,
    missing: row.missing,
    takenAt: row.taken_at,
  }
}

function toCheckpointRecord(row: CheckpointRow): CheckpointRecord {
  return {
    tenantId: row.tenant_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    path: row.path,
    before: JSON.parse(row.before),
    after: row.after === null ? null : JSON.parse(row.after),
    disturbed: row.disturbed === 1,
    takenAt: row.taken_at,
  }
}
