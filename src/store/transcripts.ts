import { sql } from 'kysely'
import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../sessions/ports/index.ts'
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
      const texts = toLines(entries)
      await writer.write(() => appendLines(connection, key, texts))
    },

    async replaceTranscript(key, entries, count) {
      ensureOpen()
      const texts = toLines(entries)
      await writer.write(() => {
        // What was appended meanwhile would be lost.
        if (connection.first(countEntries(db, key))?.count !== count) return
        const { tenant_id, claude_session_id, subpath } = columnsOf(key)
        connection.run(
          db
            .deleteFrom('transcript_entries')
            .where('tenant_id', '=', tenant_id)
            .where('claude_session_id', '=', claude_session_id)
            .where('subpath', '=', subpath),
        )
        appendLines(connection, key, texts)
      })
    },

    async loadTranscript(key) {
      ensureOpen()
      const rows = connection.all(selectEntries(db, key))
      return rows.length === 0 ? null : rows.flatMap(row => parseEntry(row.entry) ?? [])
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

/** A transcript entry as its row has it. */
export interface TranscriptLine {
  uuid: string | null
  entry: string
}

export function toLines(entries: readonly TranscriptEntry[]): TranscriptLine[] {
  return entries.map(entry => ({ uuid: entry.uuid ?? null, entry: JSON.stringify(entry) }))
}

/** Appends lines behind those of the transcript, without those whose uuid it has; to be called within a transaction. */
export function appendLines(
  connection: Connection,
  key: TranscriptKey,
  lines: readonly TranscriptLine[],
): void {
  const { db } = connection
  let position = connection.first(selectLastPosition(db, key))?.position ?? 0
  for (const line of lines) {
    position++
    connection.run(
      db
        .insertInto('transcript_entries')
        .values({ ...columnsOf(key), position, ...line })
        // A duplicate: Claude Code repeats an append whose answer it did not see.
        .onConflict(conflict =>
          conflict
            .columns(['tenant_id', 'claude_session_id', 'subpath', 'uuid'])
            .doUpdateSet({ entry: line.entry })
            // Only a row that a damaged file has in part.
            .where(sql<boolean>`not json_valid(transcript_entries.entry)`),
        ),
    )
  }
}

/** A row that a damaged database has in part must not keep the rest of the conversation from being read. */
function parseEntry(text: string): TranscriptEntry | undefined {
  try {
    const entry: unknown = JSON.parse(text)
    const isEntry = typeof entry === 'object' && entry !== null && 'type' in entry
    return isEntry && typeof entry.type === 'string' ? (entry as TranscriptEntry) : undefined
  } catch {
    return undefined
  }
}

function columnsOf({ tenantId, claudeSessionId, subpath }: TranscriptKey) {
  return { tenant_id: tenantId, claude_session_id: claudeSessionId, subpath: subpath ?? '' }
}

function selectEntries(db: QueryBuilder, key: TranscriptKey) {
  return linesOf(db, key).select('entry').orderBy('position')
}

function countEntries(db: QueryBuilder, key: TranscriptKey) {
  return linesOf(db, key)
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where(sql<boolean>`case when json_valid(entry) then json_type(entry) = 'object' end`)
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
