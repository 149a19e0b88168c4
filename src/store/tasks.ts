import { sql } from 'kysely'
import type { TaskStatus } from '../contract/conversation.ts'
import type { TaskQuery, TaskStore } from '../sessions/ports/index.ts'
import type { TaskRecord } from '../sessions/records.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder, TaskRow } from './schema.ts'

/** Background tasks: see the port `TaskStore`. */
export function createTasks(connection: Connection, writer: GroupCommit, ensureOpen: () => void): TaskStore {
  const { db } = connection
  return {
    async findTask(tenantId, sessionId, taskId) {
      ensureOpen()
      const row = connection.first(
        db
          .selectFrom('tasks')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('session_id', '=', sessionId)
          .where('id', '=', taskId),
      )
      return row && toTaskRecord(row)
    },

    async listTasks(tenantId, query) {
      ensureOpen()
      const rows = connection.all(selectTasks(db, tenantId, query))
      const total = connection.first(countTasks(db, tenantId, query))?.count ?? 0
      return { tasks: rows.map(toTaskRecord), total }
    },

    async loseRunningTasks(at) {
      ensureOpen()
      await writer.write(() => connection.run(loseTasks(db, at)))
    },
  }
}

/** Stores a task as it is now; to be called within a transaction. */
export function saveTask(connection: Connection, task: TaskRecord): void {
  const { tenant_id, session_id, id, started_at, ...rest } = toTaskRow(task)
  connection.run(
    connection.db
      .insertInto('tasks')
      .values({ tenant_id, session_id, id, started_at, ...rest })
      .onConflict(conflict => conflict.columns(['tenant_id', 'session_id', 'id']).doUpdateSet(rest)),
  )
}

export function selectTasks(db: QueryBuilder, tenantId: string, query: TaskQuery) {
  const { position } = query
  let selection = matching(db, tenantId, query)
  if (position) {
    selection = selection.where(eb =>
      eb(eb.refTuple('started_at', 'id'), '>', eb.tuple(position.at, position.id)),
    )
  }
  return selection.selectAll().orderBy('started_at').orderBy('id').limit(query.limit).offset(query.offset)
}

/** With a literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
export function loseTasks(db: QueryBuilder, at: number) {
  return db
    .updateTable('tasks')
    .set({ status: 'lost', ended_at: at })
    .where('status', '=', sql.lit<TaskStatus>('running'))
}

function countTasks(db: QueryBuilder, tenantId: string, query: TaskQuery) {
  return matching(db, tenantId, query).select(eb => eb.fn.countAll<number>().as('count'))
}

function matching(db: QueryBuilder, tenantId: string, { sessionId, status }: TaskQuery) {
  const ofSession = db
    .selectFrom('tasks')
    .where('tenant_id', '=', tenantId)
    .where('session_id', '=', sessionId)
  return status === 'all' ? ofSession : ofSession.where('status', '=', status)
}

function toTaskRow(task: TaskRecord): TaskRow {
  return {
    session_id: task.sessionId,
    id: task.id,
    tenant_id: task.tenantId,
    turn_id: task.turnId,
    type: task.type,
    description: task.description,
    tool_use_id: task.toolUseId,
    agent: task.agent,
    status: task.status,
    summary: task.summary,
    started_at: task.startedAt,
    ended_at: task.endedAt,
  }
}

function toTaskRecord(row: TaskRow): TaskRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    type: row.type,
    description: row.description,
    toolUseId: row.tool_use_id,
    agent: row.agent,
    status: row.status,
    summary: row.summary,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
}
