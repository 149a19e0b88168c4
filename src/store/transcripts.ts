import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../sessions/ports.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder } from './schema.ts'

/** Claude Code's transcripts, line by line, in the order in which they were appended. */
export function createTranscripts(
  connection: Connection,
  writer: GroupCommit,
  ensureOpen: () => void,
): TranscriptStore {
  const { db } = connection
  return {
    async appendTranscript(key, entries) {
      ensureOpen()
      const texts = entries.map(entry => ({ uuid: entry.uuid ?? null, entry: JSON.stringify(entry) }))
      await writer.write(() => {
        let position = connection.first(selectLastPosition(db, key))?.position ?? 0
        for (const text of texts) {
          position++
          connection.run(
            db
              .insertInto('transcript_entries')
              .values({ ...columnsOf(key), position, ...text })
              // Sent again: Claude Code tries an append again whose answer it did not see.
              .onConflict(conflict =>
                conflict.columns(['tenant_id', 'claude_session_id', 'subpath', 'uuid']).doNothing(),
              ),
          )
        }
      })
    },

    async loadTranscript(key) {
      ensureOpen()
      const rows = connection.all(selectEntries(db, key))
      return rows.length === 0 ? null : rows.map(row => JSON.parse(row.entry) as TranscriptEntry)
    },

    async listTranscriptSubpaths({ tenantId, claudeSessionId }) {
      ensureOpen()
      const rows = connection.all(
        db
          .selectFrom('transcript_entries')
          .select('subpath')
          .distinct()
          .where('tenant_id', '=', tenantId)
          .where('claude_session_id', '=', claudeSessionId)
          .where('subpath', '!=', ''),
      )
      return rows.map(row => row.subpath)
    },

    async removeTranscripts({ tenantId, claudeSessionId }) {
      ensureOpen()
      await writer.write(() =>
        connection.run(
          db
            .deleteFrom('transcript_entries')
            .where('tenant_id', '=', tenantId)
            .where('claude_session_id', '=', claudeSessionId),
        ),
      )
    },
  }
}

function columnsOf({ tenantId, claudeSessionId, subpath }: TranscriptKey) {
  return { tenant_id: tenantId, claude_session_id: claudeSessionId, subpath: subpath ?? '' }
}

function selectEntries(db: QueryBuilder, key: TranscriptKey) {
  return linesOf(db, key).select('entry').orderBy('position')
}

function selectLastPosition(db: QueryBuilder, key: TranscriptKey) {
  return linesOf(db, key).select('position').orderBy('position', 'desc').limit(1)
}

function linesOf(db: QueryBuilder, key: TranscriptKey) {
  const { tenant_id, claude_session_id, subpath } = columnsOf(key)
  return db
    .selectFrom('transcript_entries')
    .where('tenant_id', '=', tenant_id)
    .where('claude_session_id', '=', claude_session_id)
    .where('subpath', '=', subpath)
}
