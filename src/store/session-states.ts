import { sql } from 'kysely'
import type { TaskStatus } from '../contract/conversation.ts'
import type { SessionState } from '../contract/sessions.ts'
import type { TurnStatus } from '../contract/turns.ts'
import type { StateStore } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import { isPending } from './permissions.ts'
import { prepared } from './query.ts'
import { idsIn, toIdList } from './session-list-queries.ts'
import { isUnfinished } from './turn-queries.ts'

/** The states of sessions: see the port `StateStore`. */
export function createStates(database: Database): StateStore {
  return {
    async readStates(ids) {
      if (ids.length === 0) return new Map()
      const rows = await database.all(selectStates({ ids: toIdList(ids) }))
      return new Map(
        rows.map(({ id, asking, running, tasks }) => [
          id,
          { state: toState(Number(asking), Number(running)), backgroundTasks: Number(tasks) },
        ]),
      )
    },

    async listAtWork() {
      const rows = await database.all(selectAtWork({}))
      const states = new Map<string, SessionState>()
      for (const { session_id, asking } of rows) {
        if (Number(asking) > 0 || !states.has(session_id)) {
          states.set(session_id, toState(Number(asking), 1))
        }
      }
      return states
    },
  }
}

function toState(asking: number, running: number): SessionState {
  if (asking > 0) return 'requires_action'
  return running > 0 ? 'running' : 'idle'
}

const queued = sql.lit<TurnStatus>('queued')
const running = sql.lit<TaskStatus>('running')

const selectStates = prepared((db, of: { ids: string }, dialect) =>
  db
    .selectFrom('sessions')
    .select(eb => [
      'sessions.id',
      eb
        .selectFrom('permissions')
        .whereRef('permissions.session_id', '=', 'sessions.id')
        .where(isPending)
        .select(part => part.fn.countAll<number>().as('count'))
        .as('asking'),
      eb
        .selectFrom('turns')
        .whereRef('turns.session_id', '=', 'sessions.id')
        .where(isUnfinished)
        .where('turns.status', '!=', queued)
        .select(part => part.fn.countAll<number>().as('count'))
        .as('running'),
      eb
        .selectFrom('tasks')
        .whereRef('tasks.session_id', '=', 'sessions.id')
        .whereRef('tasks.tenant_id', '=', 'sessions.tenant_id')
        .where('tasks.status', '=', running)
        .select(part => part.fn.countAll<number>().as('count'))
        .as('tasks'),
    ])
    .where(sql<boolean>`sessions.id in (${idsIn(sql`${of.ids}`, dialect)})`),
)

const selectAtWork = prepared(db =>
  db
    .selectFrom('turns')
    .select(['turns.session_id', sql<number>`0`.as('asking')])
    .where(isUnfinished)
    .where('turns.status', '!=', queued)
    .unionAll(
      db
        .selectFrom('permissions')
        .select(['permissions.session_id', sql<number>`1`.as('asking')])
        .where(isPending),
    ),
)
