import type { TaskStatus } from '../contract/conversation.ts'
import type { TaskQuery, TaskStore } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { columnsOf, pick, prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { taskColumns } from './records.ts'
import type { QueryBuilder } from './schema.ts'

/** Background tasks: see the port `TaskStore`. */
export function createTasks(database: Database): TaskStore {
  return {
    async findTask(tenantId, sessionId, taskId) {
      const row = await database.first(selectTask({ tenantId, sessionId, taskId }))
      return row && taskColumns.toRecord(row)
    },

    listTasks(tenantId, query) {
      return database.read(function* () {
        const rows = yield* all(selectTasks(tenantId, query))
        const total = (yield* first(countTasks(tenantId, query)))?.count ?? 0
        return { tasks: rows.map(taskColumns.toRecord), total }
      })
    },
  }
}

/** Stores a task as it is now; to be run within a transaction. */
export function* saveTask(row: Row): Body<void> {
  yield* run(upsertTask(columnsOf(row), row))
}

const upsertTask = preparedBy((db, row: Row, columns: string) => {
  const { tenant_id, session_id, id, started_at, ...rest } = pick(row, columns)
  return (
    db
      .insertInto('tasks')
      // The mapper knows the columns.
      .values({ tenant_id, session_id, id, started_at, ...rest } as never)
      .onConflict(conflict => conflict.columns(['tenant_id', 'session_id', 'id']).doUpdateSet(rest))
  )
})

const selectTask = prepared((db, of: { tenantId: string; sessionId: string; taskId: string }) =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('tenant_id', '=', of.tenantId)
    .where('session_id', '=', of.sessionId)
    .where('id', '=', of.taskId),
)

interface Values {
  tenantId: string
  sessionId: string
  status: TaskQuery['status']
  limit: number
  offset: number
  at?: number
  id?: string
}

type Shape = 'all' | 'all behind' | 'status' | 'status behind'

function valuesOf(tenantId: string, { position, ...query }: TaskQuery): Values {
  return { tenantId, ...query, ...position }
}

export function selectTasks(tenantId: string, query: TaskQuery) {
  const shape = query.status === 'all' ? 'all' : 'status'
  return selectPage(query.position ? `${shape} behind` : shape, valuesOf(tenantId, query))
}

function countTasks(tenantId: string, query: TaskQuery) {
  return countMatching(query.status === 'all' ? 'all' : 'status', valuesOf(tenantId, query))
}

const selectPage = preparedBy((db, page: Values, shape: Shape) => {
  let selection = matching(db, page, shape)
  if (shape.endsWith('behind')) {
    selection = selection.where(eb =>
      eb(eb.refTuple('started_at', 'id'), '>', eb.tuple(eb.val(page.at ?? 0), eb.val(page.id ?? ''))),
    )
  }
  return selection.selectAll().orderBy('started_at').orderBy('id').limit(page.limit).offset(page.offset)
})

const countMatching = preparedBy((db, of: Values, shape: Shape) =>
  matching(db, of, shape).select(eb => eb.fn.countAll<number>().as('count')),
)

function matching(db: QueryBuilder, of: Values, shape: Shape) {
  const ofSession = db
    .selectFrom('tasks')
    .where('tenant_id', '=', of.tenantId)
    .where('session_id', '=', of.sessionId)
  // A parameter, although its type also has `all`.
  return shape.startsWith('all') ? ofSession : ofSession.where('status', '=', of.status as TaskStatus)
}
