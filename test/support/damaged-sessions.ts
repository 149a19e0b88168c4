import { randomUUID } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export type Line = Record<string, unknown> & { uuid?: string; type: string }

/** What a session has of its conversation: lines as text, some of which may be no JSON. null: nothing. */
export interface Remains {
  isNoted: boolean
  mirrored: string[] | null
  /** As the file's text. */
  file: string | null
}

/**
 * Copies of one session in a stored database, each with its own remains of the conversation; to be used while no
 * server runs. They share the log of the original, as a fork does.
 */
export function openDamage(home: string, originalId: string) {
  const database = new DatabaseSync(join(home, 'data', 'claude-code-api.db'))
  const columnsOf = (table: string) =>
    database
      .prepare(`select name from pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => String(name))
  const copy = (table: string, key: string, to: string) => {
    const columns = columnsOf(table)
    const values = columns.map(name => (name === key || name === 'claude_session_id' ? '?' : name))
    const given = columns.filter(name => name === key || name === 'claude_session_id').map(() => to)
    database
      .prepare(
        `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from ${table} where ${key} = ?`,
      )
      .run(...given, originalId)
  }
  const [file] = globSync(join(home, '.claude', 'projects', '*', `${originalId}.jsonl`))
  const mirrored = database
    .prepare(
      `select entry from transcript_entries where claude_session_id = ? and subpath = '' order by position`,
    )
    .all(originalId)
    .map(({ entry }) => String(entry))
  const write = (id: string, lines: string[]) => {
    const tenantId = database.prepare('select tenant_id from sessions where id = ?').get(originalId)
      ?.tenant_id as string
    lines.forEach((line, index) => {
      const text = line.replaceAll(originalId, id)
      database
        .prepare(
          'insert into transcript_entries (tenant_id, claude_session_id, subpath, position, uuid, entry) values (?, ?, ?, ?, ?, ?)',
        )
        .run(tenantId, id, '', index + 1, /"uuid":"([^"]+)"/.exec(text)?.[1] ?? null, text)
    })
  }
  return {
    mirrored,
    filed: file === undefined ? [] : readFileSync(file, 'utf8').trimEnd().split('\n'),
    /** @returns the session's id */
    add(remains: Remains): string {
      const id = randomUUID()
      copy('sessions', 'id', id)
      copy('events', 'session_id', id)
      database
        .prepare('update sessions set conversation_started = ? where id = ?')
        .run(remains.isNoted ? 1 : 0, id)
      write(id, remains.mirrored ?? [])
      if (remains.file !== null && file !== undefined) {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(join(dirname(file), `${id}.jsonl`), remains.file.replaceAll(originalId, id))
      }
      return id
    },
    close: () => database.close(),
  }
}

/** The uuids of the lines that the store has of a conversation. */
export function storedUuids(home: string, claudeSessionId: string): Set<unknown> {
  const database = new DatabaseSync(join(home, 'data', 'claude-code-api.db'), { readOnly: true })
  const rows = database
    .prepare('select uuid from transcript_entries where claude_session_id = ? and json_valid(entry)')
    .all(claudeSessionId)
  database.close()
  return new Set(rows.map(({ uuid }) => uuid))
}
