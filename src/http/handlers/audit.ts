import type { AuditEntry } from '../../contract/audit.ts'
import { invalidField } from '../../contract/errors.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import type { AuditRecord } from '../../sessions/ports/index.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'

export function auditHandlers(deps: HttpDeps): Pick<Handlers, 'listAudit'> {
  return {
    async listAudit({ caller, query }) {
      const { limit, cursor, ...filters } = query
      const list = ['audit', filters]
      const [after] = (cursor !== undefined && readCursor(list, cursor)) || []
      if (cursor !== undefined && typeof after !== 'string')
        throw invalidField('cursor', 'must be a cursor of this list')
      const previous = typeof after === 'string' ? after : undefined
      const { entries, lastId, hasMore } = await deps.audit.list(caller, query, previous)
      // Oldest entries first: the end of the log is where the next ones will be.
      const next = hasMore ? lastId : query.order === 'oldest' ? (lastId ?? previous) : undefined
      const nextCursor = next === undefined ? null : toCursor(list, [next])
      return {
        status: 200,
        body: { entries: entries.map(toEntry), pagination: { limit, hasMore, nextCursor } },
      }
    },
  }
}

function toEntry({ id, at, tenantId, ...entry }: AuditRecord): AuditEntry {
  return { auditId: id, at: toTimestamp(at), tenant: tenantId, ...entry }
}
