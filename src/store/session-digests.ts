import { sql } from 'kysely'
import type { PermissionStatus } from '../contract/permissions.ts'
import type { TurnStatus } from '../contract/turns.ts'
import type { SessionDigest } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import { prepared } from './query.ts'
import { idsIn, toIdList } from './session-list-queries.ts'

interface DigestRow {
  id: string
  micro_usd: number
  open_requests: number
  turn_id: string | null
  turn_status: TurnStatus | null
  ended_at: number | null
}

/** The digests of a page of sessions: see `Store.readDigests`. */
export async function readDigests(
  database: Database,
  sessionIds: readonly string[],
): Promise<Map<string, SessionDigest>> {
  if (sessionIds.length === 0) return new Map()
  const rows = await database.all(selectDigests({ ids: toIdList(sessionIds) }))
  return new Map(rows.map(row => [row.id, toDigest(row)]))
}

function toDigest(row: DigestRow): SessionDigest {
  const { turn_id: id, turn_status: status, ended_at: endedAt } = row
  return {
    costUsd: Number(row.micro_usd) / 1e6,
    openRequests: Number(row.open_requests),
    lastTurn: id !== null && status !== null ? { id, status, endedAt } : null,
  }
}

export const selectDigests = prepared((db, of: { ids: string }, dialect) =>
  db
    .selectFrom('sessions')
    .leftJoin('turns', join =>
      join.onRef('turns.session_id', '=', 'sessions.id').onRef('turns.number', '=', 'sessions.turn_count'),
    )
    .select([
      'sessions.id',
      sql<number>`(select coalesce(sum(micro_usd), 0) from usage_sessions
        where usage_sessions.session_id = sessions.id)`.as('micro_usd'),
      // A literal, as the partial index has it.
      sql<number>`(select count(*) from permissions where permissions.session_id = sessions.id
        and permissions.status = ${sql.lit<PermissionStatus>('pending')})`.as('open_requests'),
      'turns.id as turn_id',
      'turns.status as turn_status',
      'turns.ended_at',
    ])
    .where(sql<boolean>`sessions.id in (${idsIn(sql`${of.ids}`, dialect)})`)
    .$castTo<DigestRow>(),
)
