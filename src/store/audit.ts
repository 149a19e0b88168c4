import type { AuditAction, AuditOutcome } from '../contract/audit.ts'
import type { AuditQuery, AuditRecord, AuditStore } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { columnsOf, pick, prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { auditColumns } from './records.ts'
import type { QueryBuilder } from './schema.ts'

/** Entries that one query looks at: filters without an index must not hold up everything else. */
export const searchedEntries = 2_000

/** The audit log: see the port `AuditStore`. */
export function createAudit(database: Database): AuditStore {
  return {
    async appendAudit(records) {
      await database.transaction(() => writeAudit(records))
    },

    listAudit(query) {
      const { limit, action, outcome, keyId } = query
      const isFiltered = action !== undefined || outcome !== undefined || keyId !== undefined
      return database.read(function* () {
        const rows = yield* all(selectEntries({ ...query, limit: limit + 1 }))
        const entries = rows.slice(0, limit).map(auditColumns.toRecord)
        const lastId = entries.at(-1)?.id
        if (rows.length > limit) return { entries, lastId, hasMore: true }
        // Without filters, the search has found everything that it looked at.
        const end = isFiltered ? yield* first(selectSearchEnd(shapeOf(query), query)) : undefined
        return { entries, lastId: end?.id ?? lastId, hasMore: end !== undefined }
      })
    },

    trimAudit: (beforeId, limit) => database.transaction(() => run(deleteBefore({ beforeId, limit }))),
  }
}

/** To be run within a transaction. */
export function* writeAudit(records: readonly AuditRecord[]): Body<void> {
  for (const record of records) {
    const row = auditColumns.toRow(record)
    yield* run(insertEntry(columnsOf(row), row))
  }
}

const insertEntry = preparedBy((db, row: Row, columns: string) =>
  db
    .insertInto('audit_log')
    // The mapper knows the columns.
    .values(pick(row, columns) as never)
    .onConflict(conflict => conflict.column('id').doNothing()),
)

/** Over all tenants, the oldest first. */
export const deleteBefore = prepared((db, of: { beforeId: string; limit: number }) =>
  db
    .deleteFrom('audit_log')
    .where('id', 'in', eb =>
      eb
        .selectFrom('audit_log as old')
        .select('old.id')
        .where('old.id', '<', of.beforeId)
        .orderBy('old.id')
        .limit(of.limit),
    ),
)

/** The order, and which bounds and filters there are. */
function shapeOf({ order, ...query }: AuditQuery): string {
  const given = (
    ['tenantId', 'after', 'fromId', 'toId', 'sessionId', 'keyId', 'action', 'outcome'] as const
  ).filter(name => query[name] !== undefined)
  return [order, ...given].join(' ')
}

function searched(db: QueryBuilder, of: AuditQuery, shape: string) {
  const [order, ...given] = shape.split(' ')
  const has = (name: keyof AuditQuery) => given.includes(name)
  const isNewest = order === 'newest'
  let range = db.selectFrom('audit_log').orderBy('id', isNewest ? 'desc' : 'asc')
  if (has('tenantId')) range = range.where('tenant_id', '=', of.tenantId as string)
  if (has('sessionId')) range = range.where('session_id', '=', of.sessionId as string)
  if (has('after')) range = range.where('id', isNewest ? '<' : '>', of.after as string)
  if (has('fromId')) range = range.where('id', '>=', of.fromId as string)
  if (has('toId')) range = range.where('id', '<', of.toId as string)
  return range
}

export function selectEntries(query: AuditQuery) {
  return selectPage(shapeOf(query), query)
}

const selectPage = preparedBy((db, of: AuditQuery, shape: string) => {
  const [order, ...given] = shape.split(' ')
  let found = db
    .selectFrom(searched(db, of, shape).selectAll().limit(searchedEntries).as('page'))
    .selectAll()
    .orderBy('id', order === 'newest' ? 'desc' : 'asc')
    .limit(of.limit)
  if (given.includes('keyId')) found = found.where('key_id', '=', of.keyId as string)
  if (given.includes('action')) found = found.where('action', '=', of.action as AuditAction)
  if (given.includes('outcome')) found = found.where('outcome', '=', of.outcome as AuditOutcome)
  return found
})

/** The last entry that a search looks at, if there are so many. */
const selectSearchEnd = preparedBy((db, of: AuditQuery, shape: string) =>
  searched(db, of, shape)
    .select('id')
    .offset(searchedEntries - 1)
    .limit(1),
)
