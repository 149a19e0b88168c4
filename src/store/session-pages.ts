import { defaultSettings } from '../contract/session-settings.ts'
import type { SessionQuery } from '../sessions/ports/index.ts'
import type { SessionRecord } from '../sessions/records.ts'
import { all, type Body, first } from './database.ts'
import { sessionColumns } from './records.ts'
import type { SessionRow } from './schema.ts'
import { selectNewestActivity, selectSessions, selectUsedSessions } from './session-list-queries.ts'

interface Placed {
  session: SessionRecord
  activeAt: number
}

/**
 * A page of sessions in the order of a time: who pages through them meets each once, although those that are used
 * meanwhile move to the front.
 */
export function* readSessionPage(
  tenantId: string | undefined,
  wanted: SessionQuery,
): Body<{ asOf: number; page: Placed[] }> {
  // The clock may have been set back.
  const newest =
    (yield* first(selectNewestActivity(tenantId, { status: wanted.status })))?.last_activity_at ?? 0
  const query = { ...wanted, asOf: wanted.asOf ?? Math.max(Date.now(), newest) }
  const unused = (yield* all(selectSessions(tenantId, query))).map(row => ({
    session: toSessionRecord(row),
    activeAt: row.last_activity_at,
  }))
  const used = (yield* all(selectUsedSessions(tenantId, query))).map(row => ({
    session: toSessionRecord(row),
    activeAt: Math.max(row.created_at, row.submitted_at ?? 0, row.finished_at ?? 0),
  }))
  const page = [...unused, ...used.filter(placed => isBehind(placed, query.after))]
    .sort((a, b) => b.activeAt - a.activeAt || (a.session.id < b.session.id ? 1 : -1))
    .slice(0, query.limit)
  return { asOf: query.asOf, page }
}

export function toSessionRecord(row: SessionRow): SessionRecord {
  const record = sessionColumns.toRecord(row)
  // Sessions that are older than a setting have its default.
  record.settings = { ...defaultSettings, ...record.settings }
  return record
}

function isBehind({ session, activeAt }: Placed, after: SessionQuery['after']): boolean {
  if (!after) return true
  if (activeAt !== after.lastActivityAt) return activeAt < after.lastActivityAt
  return session.id < after.id
}
