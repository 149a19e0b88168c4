import { type ExpressionBuilder, sql } from 'kysely'
import type { PermissionStatus } from '../contract/permissions.ts'
import type { PermissionQuery, PermissionStore } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { columnsOf, pick, prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { permissionColumns } from './records.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

/** Permission requests: see the port `PermissionStore`. */
export function createPermissions(database: Database): PermissionStore {
  return {
    async findPermission(tenantId, sessionId, permissionId) {
      const row = await database.first(selectPermission({ tenantId, sessionId, permissionId }))
      return row && permissionColumns.toRecord(row)
    },

    listPermissions(tenantId, query) {
      return database.read(function* () {
        const rows = yield* all(selectPermissions(tenantId, query))
        const total = (yield* first(countPermissions(tenantId, query)))?.count ?? 0
        return { permissions: rows.map(permissionColumns.toRecord), total }
      })
    },
  }
}

/** Stores a request, or what has become of it; to be run within a transaction. */
export function* savePermission(row: Row): Body<void> {
  yield* run(upsertPermission(columnsOf(row), row))
}

const upsertPermission = preparedBy((db, row: Row, columns: string) => {
  const { id, tenant_id, session_id, ...changed } = pick(row, columns)
  return (
    db
      .insertInto('permissions')
      // The mapper knows the columns.
      .values({ id, tenant_id, session_id, ...changed } as never)
      .onConflict(conflict => conflict.column('id').doUpdateSet(changed))
  )
})

/** A literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
const pendingStatus = sql.lit<PermissionStatus>('pending')

export function isPending(eb: ExpressionBuilder<StoreSchema, 'permissions'>) {
  return eb('permissions.status', '=', pendingStatus)
}

/** Answered, but no process has been told yet. */
export function isUndelivered(eb: ExpressionBuilder<StoreSchema, 'permissions'>) {
  return eb('permissions.answer', 'is not', null)
}

const selectPermission = prepared((db, of: { tenantId: string; sessionId: string; permissionId: string }) =>
  db
    .selectFrom('permissions')
    .selectAll()
    .where('id', '=', of.permissionId)
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

interface Values {
  tenantId: string | undefined
  sessionId: string | undefined
  limit: number
  offset: number
  at?: number
  id?: string
}

/** Words for what narrows a list. */
function narrowing(tenantId: string | undefined, { sessionId, status }: PermissionQuery): string {
  return `${tenantId === undefined ? '' : 'tenant '}${sessionId === undefined ? '' : 'session '}${status === 'pending' ? 'pending ' : ''}`
}

function valuesOf(
  tenantId: string | undefined,
  { sessionId, limit, offset, position }: PermissionQuery,
): Values {
  return { tenantId, sessionId, limit, offset, ...position }
}

export function selectPermissions(tenantId: string | undefined, query: PermissionQuery) {
  return selectPage(
    `${narrowing(tenantId, query)}${query.position ? 'behind' : ''}`,
    valuesOf(tenantId, query),
  )
}

function countPermissions(tenantId: string | undefined, query: PermissionQuery) {
  return countMatching(narrowing(tenantId, query), valuesOf(tenantId, query))
}

const selectPage = preparedBy((db, page: Values, shape: string) => {
  let selection = matching(db, page, shape)
  if (shape.includes('behind')) {
    selection = selection.where(eb =>
      eb(eb.refTuple('requested_at', 'id'), '>', eb.tuple(eb.val(page.at ?? 0), eb.val(page.id ?? ''))),
    )
  }
  return selection.selectAll().orderBy('requested_at').orderBy('id').limit(page.limit).offset(page.offset)
})

const countMatching = preparedBy((db, of: Values, shape: string) =>
  matching(db, of, shape).select(eb => eb.fn.countAll<number>().as('count')),
)

function matching(db: QueryBuilder, of: Values, shape: string) {
  let selection = db.selectFrom('permissions')
  if (shape.includes('tenant')) selection = selection.where('tenant_id', '=', of.tenantId ?? '')
  if (shape.includes('session')) selection = selection.where('session_id', '=', of.sessionId ?? '')
  return shape.includes('pending') ? selection.where(isPending) : selection
}
