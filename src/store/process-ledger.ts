import type { ProcessLedger } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { prepared, preparedInsert } from './query.ts'

/** The processes that run; of the service itself, so without a tenant. */
export function createProcessLedger(database: Database): ProcessLedger {
  return {
    async recordProcess({ pid, startedAt, marker, claudeSessionId }) {
      const row = { pid, started_at: startedAt, marker, claude_session_id: claudeSessionId }
      await database.transaction(() => run(insertProcess(row)))
    },

    async forgetProcess(marker) {
      await database.transaction(() => run(deleteProcess({ marker })))
    },

    async listProcesses() {
      const rows = await database.all(selectProcesses({}))
      return rows.map(row => ({
        pid: row.pid,
        startedAt: row.started_at,
        marker: row.marker,
        claudeSessionId: row.claude_session_id,
      }))
    },
  }
}

const insertProcess = preparedInsert('processes')

const deleteProcess = prepared((db, of: { marker: string }) =>
  db.deleteFrom('processes').where('marker', '=', of.marker),
)

const selectProcesses = prepared(db => db.selectFrom('processes').selectAll())
