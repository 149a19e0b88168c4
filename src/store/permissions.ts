import { sql } from 'kysely'
import type { PermissionStatus } from '../contract/permissions.ts'
import type { PermissionQuery, PermissionStore } from '../sessions/ports/index.ts'
import type { PermissionRecord } from '../sessions/records.ts'
import type { Connection } from './node-sqlite.ts'
import type { PermissionRow, QueryBuilder } from './schema.ts'

/** Permission requests: see the port `PermissionStore`. */
export function createPermissions(connection: Connection, ensureOpen: () => void): PermissionStore {
  const { db } = connection
  return {
    async findPermission(tenantId, sessionId, permissionId) {
      ensureOpen()
      const row = connection.first(
        db
          .selectFrom('permissions')
          .selectAll()
          .where('id', '=', permissionId)
          .where('session_id', '=', sessionId)
          .where('tenant_id', '=', tenantId),
      )
      return row && toPermissionRecord(row)
    },

    async listPermissions(tenantId, query) {
      ensureOpen()
      const rows = connection.all(selectPermissions(db, tenantId, query))
      const total = connection.first(countPermissions(db, tenantId, query))?.count ?? 0
      return { permissions: rows.map(toPermissionRecord), total }
    },

    async listOpenPermissions() {
      ensureOpen()
      const all = db.selectFrom('permissions').selectAll()
      const pending = connection.all(all.where('status', '=', pendingStatus).orderBy('requested_at'))
      const undelivered = connection.all(all.where('answer', 'is not', null).orderBy('requested_at'))
      return [...pending, ...undelivered].map(toPermissionRecord)
    },
  }
}

/** Stores a request, or what has become of it; to be called within a transaction. */
export function savePermission(connection: Connection, permission: PermissionRecord): void {
  const row = toPermissionRow(permission)
  const { id: _, tenant_id: __, session_id: ___, ...changed } = row
  connection.run(
    connection.db
      .insertInto('permissions')
      .values(row)
      .onConflict(conflict => conflict.column('id').doUpdateSet(changed)),
  )
}

/** A literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
const pendingStatus = sql.lit<PermissionStatus>('pending')

export function selectPermissions(db: QueryBuilder, tenantId: string, query: PermissionQuery) {
  const { position } = query
  let selection = matching(db, tenantId, query)
  if (position) {
    selection = selection.where(eb =>
      eb(eb.refTuple('requested_at', 'id'), '>', eb.tuple(position.at, position.id)),
    )
  }
  return selection.selectAll().orderBy('requested_at').orderBy('id').limit(query.limit).offset(query.offset)
}

function countPermissions(db: QueryBuilder, tenantId: string, query: PermissionQuery) {
  return matching(db, tenantId, query).select(eb => eb.fn.countAll<number>().as('count'))
}

function matching(db: QueryBuilder, tenantId: string, { sessionId, status }: PermissionQuery) {
  let selection = db.selectFrom('permissions').where('tenant_id', '=', tenantId)
  if (sessionId !== undefined) selection = selection.where('session_id', '=', sessionId)
  return status === 'pending' ? selection.where('status', '=', pendingStatus) : selection
}

function toPermissionRow(permission: PermissionRecord): PermissionRow {
  return {
    id: permission.id,
    tenant_id: permission.tenantId,
    session_id: permission.sessionId,
    turn_id: permission.turnId,
    kind: permission.kind,
    tool_name: permission.toolName,
    tool_use_id: permission.toolUseId,
    status: permission.status,
    request: JSON.stringify(permission.request),
    answer: permission.answer && JSON.stringify(permission.answer),
    runs_with: permission.runsWith && JSON.stringify(permission.runsWith),
    requested_at: permission.requestedAt,
    expires_at: permission.expiresAt,
    decided_at: permission.decidedAt,
    decided_by: permission.decidedBy,
    message: permission.message,
    updated_input: permission.updatedInput && JSON.stringify(permission.updatedInput),
    remembered: permission.remembered.length > 0 ? JSON.stringify(permission.remembered) : null,
  }
}

function toPermissionRecord(row: PermissionRow): PermissionRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    sessionId: row.session_id,
    turnId: row.turn_id,
    kind: row.kind,
    toolName: row.tool_name,
    toolUseId: row.tool_use_id,
    status: row.status,
    request: JSON.parse(row.request),
    answer: row.answer === null ? null : JSON.parse(row.answer),
    runsWith: row.runs_with === null ? null : JSON.parse(row.runs_with),
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    message: row.message,
    updatedInput: row.updated_input === null ? null : JSON.parse(row.updated_input),
    remembered: row.remembered === null ? [] : JSON.parse(row.remembered),
  }
}
