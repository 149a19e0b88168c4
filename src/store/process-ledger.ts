import type { ProcessLedger } from '../sessions/ports/index.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'

/** The processes that run; of the service itself, so without a tenant. */
export function createProcessLedger(
  connection: Connection,
  writer: GroupCommit,
  ensureOpen: () => void,
): ProcessLedger {
  const { db } = connection
  return {
    async recordProcess({ pid, startedAt, marker, claudeSessionId }) {
      ensureOpen()
      const row = { pid, started_at: startedAt, marker, claude_session_id: claudeSessionId }
      await writer.write(() => connection.run(db.insertInto('processes').values(row)))
    },

    async forgetProcess(marker) {
      ensureOpen()
      await writer.write(() => connection.run(db.deleteFrom('processes').where('marker', '=', marker)))
    },

    async listProcesses() {
      ensureOpen()
      const rows = connection.all(db.selectFrom('processes').selectAll())
      return rows.map(row => ({
        pid: row.pid,
        startedAt: row.started_at,
        marker: row.marker,
        claudeSessionId: row.claude_session_id,
      }))
    },
  }
}
