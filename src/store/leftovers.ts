import { sql } from 'kysely'
import type { TaskStatus } from '../contract/conversation.ts'
import type { LeftoverStore } from '../sessions/ports/index.ts'
import { deleteAttachment, isIncomplete } from './attachments.ts'
import { all, type Database, run } from './database.ts'
import { isPending, isUndelivered } from './permissions.ts'
import { prepared } from './query.ts'
import { permissionColumns, turnColumns } from './records.ts'
import type { QueryBuilder } from './schema.ts'
import { isUnfinished } from './turn-queries.ts'

/** The unfinished things of sessions: see the port `LeftoverStore`. */
export function createLeftovers(database: Database): LeftoverStore {
  return {
    async listSessionsLeft() {
      const rows = await database.all(selectSessionsLeft({}))
      const left = rows.map(row => ({ tenantId: row.tenant_id, sessionId: row.session_id }))
      return [...new Map(left.map(session => [session.sessionId, session])).values()]
    },

    async takeLeftovers(tenantId, sessionId, at) {
      const of = { tenantId, sessionId }
      const left = await database.read(function* () {
        return {
          turns: yield* all(selectUnfinishedTurns(of)),
          permissions: [...(yield* all(selectPending(of))), ...(yield* all(selectUndelivered(of)))],
          tasks: yield* all(selectRunningTasks(of)),
          attachments: yield* all(selectIncomplete(of)),
        }
      })
      if (left.tasks.length > 0) await database.transaction(() => run(loseTasks({ ...of, at })))
      for (const { id } of left.attachments) await database.transaction(() => run(deleteAttachment({ id })))
      return {
        turns: left.turns.map(turnColumns.toRecord),
        permissions: left.permissions.map(permissionColumns.toRecord),
      }
    },
  }
}

interface OfSession {
  tenantId: string
  sessionId: string
}

/** A literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
const running = sql.lit<TaskStatus>('running')

const keys = ['tenant_id', 'session_id'] as const

export const selectSessionsLeft = prepared(db => sessionsLeft(db))

/** Some several times: only so are the partial indexes read alone. */
export function sessionsLeft(db: QueryBuilder) {
  return db
    .selectFrom('turns')
    .select(keys)
    .where(isUnfinished)
    .unionAll(db.selectFrom('permissions').select(keys).where(isPending))
    .unionAll(db.selectFrom('permissions').select(keys).where(isUndelivered))
    .unionAll(db.selectFrom('tasks').select(keys).where('status', '=', running))
    .unionAll(db.selectFrom('attachments').select(keys).where(isIncomplete))
}

/** Not by time: a clock that was set back would change the order of a session's turns. */
export const selectUnfinishedTurns = prepared((db, of: OfSession) =>
  db
    .selectFrom('turns')
    .selectAll()
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where(isUnfinished)
    .orderBy('number'),
)

export const selectPending = prepared((db, of: OfSession) =>
  db
    .selectFrom('permissions')
    .selectAll()
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where(isPending)
    .orderBy('requested_at'),
)

export const selectUndelivered = prepared((db, of: OfSession) =>
  db
    .selectFrom('permissions')
    .selectAll()
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where(isUndelivered)
    .orderBy('requested_at'),
)

export const selectRunningTasks = prepared((db, of: OfSession) =>
  db
    .selectFrom('tasks')
    .select('id')
    .where('tenant_id', '=', of.tenantId)
    .where('session_id', '=', of.sessionId)
    .where('status', '=', running),
)

const loseTasks = prepared((db, of: OfSession & { at: number }) =>
  db
    .updateTable('tasks')
    .set({ status: 'lost', ended_at: of.at })
    .where('tenant_id', '=', of.tenantId)
    .where('session_id', '=', of.sessionId)
    .where('status', '=', running),
)

export const selectIncomplete = prepared((db, of: OfSession) =>
  db
    .selectFrom('attachments')
    .select('id')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where(isIncomplete),
)
