import { sql } from 'kysely'
import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../sessions/ports/index.ts'
import { type Body, type Database, first, run } from './database.ts'
import { prepared } from './query.ts'
import type { QueryBuilder } from './schema.ts'
import { type TranscriptLine, toLines } from './write.ts'

/** Claude Code's transcripts, line by line, in the order in which they were appended. */
export function createTranscripts(database: Database): TranscriptStore {
  return {
    async appendTranscript(key, entries, fence) {
      const { tenantId } = key
      await database.write({
        ...(fence && { fence: { ...fence, tenantId } }),
        audit: [],
        transcript: [{ part: { ...key }, lines: toLines(entries) }],
      })
    },

    async replaceTranscript(key, entries, count) {
      const lines = toLines(entries)
      const part = toPart(key)
      await database.transaction(function* () {
        // Lines that were appended meanwhile would be lost.
        if ((yield* first(countEntries(part)))?.count !== count) return
        yield* run(deleteLines(part))
        yield* appendLines(key, lines)
      })
    },

    async loadTranscript(key) {
      const rows = await database.all(selectEntries(toPart(key)))
      return rows.length === 0 ? null : rows.flatMap(row => parseEntry(row.entry) ?? [])
    },

    async listTranscriptSubpaths({ tenantId, claudeSessionId }) {
      const rows = await database.all(selectSubpaths({ tenantId, claudeSessionId }))
      return rows.map(row => row.subpath)
    },

    async removeTranscripts({ tenantId, claudeSessionId }) {
      await database.transaction(() => run(deleteConversation({ tenantId, claudeSessionId })))
    },
  }
}

/** Appends lines behind those of the transcript, without those whose uuid it has; to be run within a transaction. */
export function* appendLines(key: TranscriptKey, lines: readonly TranscriptLine[]): Body<void> {
  const part = toPart(key)
  let position = (yield* first(selectLastPosition(part)))?.position ?? 0
  for (const line of lines) yield* run(insertLine({ ...part, ...line, position: ++position }))
}

interface Part {
  tenantId: string
  claudeSessionId: string
  subpath: string
}

/** The conversation's own transcript has an empty subpath, as no part of a key can be null. */
export function toPart({ tenantId, claudeSessionId, subpath }: TranscriptKey): Part {
  return { tenantId, claudeSessionId, subpath: subpath ?? '' }
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

const insertLine = prepared((db, line: Part & TranscriptLine & { position: number }, dialect) =>
  db
    .insertInto('transcript_entries')
    .values({
      tenant_id: line.tenantId,
      claude_session_id: line.claudeSessionId,
      subpath: line.subpath,
      position: line.position,
      uuid: line.uuid,
      entry: line.entry,
    })
    // A duplicate: Claude Code repeats an append whose answer it did not see.
    .onConflict(conflict =>
      conflict
        .columns(['tenant_id', 'claude_session_id', 'subpath', 'uuid'])
        .doUpdateSet({ entry: line.entry })
        // Only a row that a damaged file has in part.
        .where(sql<boolean>`not ${dialect.isJson(sql.ref('transcript_entries.entry'))}`),
    ),
)

const selectEntries = prepared((db, part: Part) => linesOf(db, part).select('entry').orderBy('position'))

const countEntries = prepared((db, part: Part, dialect) =>
  linesOf(db, part)
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where(dialect.isObject(sql.ref('entry'))),
)

const selectLastPosition = prepared((db, part: Part) =>
  linesOf(db, part).select('position').orderBy('position', 'desc').limit(1),
)

const deleteLines = prepared((db, part: Part) =>
  db
    .deleteFrom('transcript_entries')
    .where('tenant_id', '=', part.tenantId)
    .where('claude_session_id', '=', part.claudeSessionId)
    .where('subpath', '=', part.subpath),
)

const deleteConversation = prepared((db, of: Omit<Part, 'subpath'>) =>
  db
    .deleteFrom('transcript_entries')
    .where('tenant_id', '=', of.tenantId)
    .where('claude_session_id', '=', of.claudeSessionId),
)

const selectSubpaths = prepared((db, of: Omit<Part, 'subpath'>) =>
  db
    .selectFrom('transcript_entries')
    .select('subpath')
    .distinct()
    .where('tenant_id', '=', of.tenantId)
    .where('claude_session_id', '=', of.claudeSessionId)
    .where('subpath', '!=', ''),
)

function linesOf(db: QueryBuilder, part: Part) {
  return db
    .selectFrom('transcript_entries')
    .where('tenant_id', '=', part.tenantId)
    .where('claude_session_id', '=', part.claudeSessionId)
    .where('subpath', '=', part.subpath)
}
