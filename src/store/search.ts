import { sql } from 'kysely'
import type { Prompt } from '../contract/turns.ts'
import type { FoundText, SearchRequest, SearchStore, SearchTerm } from '../sessions/ports/index.ts'
import { all, type Database } from './database.ts'
import { preparedBy } from './query.ts'
import type { SearchEntriesTable } from './schema.ts'
import {
  conditionsOf,
  type FilterValues,
  idsIn,
  shapeOf,
  toFilterValues,
  toIdList,
} from './session-list-queries.ts'

/** Matches that one call examines: filters may leave few of them. */
const maxExamined = 1_000
/** Characters of a text that are indexed; see the migration. */
const maxCharacters = 65_536
const newest = Number.MAX_SAFE_INTEGER

/** Search: see the port `SearchStore`. */
export function createSearch(database: Database): SearchStore {
  return {
    search(request) {
      return database.read(function* () {
        const matches = yield* all(selectMatches(request))
        const ids = toIdList(matches.map(({ id }) => String(id)))
        const rows = yield* all(selectTexts(request, ids))
        const found = rows.slice(0, request.limit).map(toFound)
        const isCut = rows.length > request.limit
        const before = isCut ? found.at(-1)?.id : matches[maxExamined - 1]?.id
        return { found, before: before === undefined ? undefined : Number(before) }
      })
    },
  }
}

interface MatchValues {
  /** For SQLite, with the tenant and the session. */
  match: string
  /** For PostgreSQL. */
  query: string
  tenantId: string | undefined
  sessionId: string | undefined
  before: number
}

/** Newest first, whatever the sessions. */
export function selectMatches({ terms, tenantId, sessionId, before = newest }: SearchRequest) {
  const shape = [tenantId !== undefined && 'tenant', sessionId !== undefined && 'session']
    .filter(Boolean)
    .join()
  const match = toMatch(terms, tenantId, sessionId)
  return selectPage(shape, { match, query: toTsquery(terms), tenantId, sessionId, before })
}

const selectPage = preparedBy((db, of: MatchValues, shape: string, dialect) => {
  if (dialect.name === 'sqlite') {
    return db
      .selectFrom('search_words')
      .select('rowid as id')
      .where(sql<boolean>`search_words match ${of.match}`)
      .where('rowid', '<', of.before)
      .orderBy('rowid', 'desc')
      .limit(maxExamined)
  }
  let selection = db
    .selectFrom('search_entries')
    .select('id')
    .where(sql<boolean>`words @@ to_tsquery('simple', ${of.query})`)
    .where('id', '<', of.before)
  if (shape.includes('tenant')) selection = selection.where('tenant_id', '=', of.tenantId ?? '')
  if (shape.includes('session')) selection = selection.where('session_id', '=', of.sessionId ?? '')
  return selection.orderBy('id', 'desc').limit(maxExamined)
})

/** A query of FTS5. Terms are letters and digits, and in quotes: nothing in them is syntax. */
function toMatch(terms: readonly SearchTerm[], tenantId?: string, sessionId?: string): string {
  const owners = [
    ...(tenantId === undefined ? [] : [`t${Buffer.from(tenantId).toString('hex')}`]),
    ...(sessionId === undefined ? [] : [`s${sessionId.replaceAll('-', '')}`]),
  ]
  const texts = terms.map(({ words, isPrefix }) => `text : "${words.join(' ')}"${isPrefix ? ' *' : ''}`)
  return [...owners.map(owner => `owner : "${owner}"`), ...texts].join(' AND ')
}

/** As `toMatch`, for PostgreSQL. */
function toTsquery(terms: readonly SearchTerm[]): string {
  const toPhrase = ({ words, isPrefix }: SearchTerm) =>
    words.map((word, index) => `'${word}'${isPrefix && index === words.length - 1 ? ':*' : ''}`).join(' <-> ')
  return terms.map(term => `(${toPhrase(term)})`).join(' & ')
}

interface TextRow extends Omit<SearchEntriesTable, 'id'> {
  id: number
  title: string | null
  prompt: string | null
  response: string | null
}

interface TextValues extends FilterValues {
  ids: string
  limit: number
}

/** The texts among some that are in sessions of the filter. */
export function selectTexts({ archived, tags, limit }: SearchRequest, ids: string) {
  const filter = toFilterValues(undefined, { status: 'all', archived, tags })
  return selectFound(shapeOf(filter), { ...filter, ids, limit: limit + 1 })
}

const selectFound = preparedBy((db, of: TextValues, shape: string, dialect) =>
  db
    .selectFrom('search_entries')
    .innerJoin('sessions', 'sessions.id', 'search_entries.session_id')
    .leftJoin('turns', 'turns.id', 'search_entries.turn_id')
    .select([
      'search_entries.id',
      'search_entries.session_id',
      'search_entries.turn_id',
      'search_entries.field',
      'search_entries.at',
      'sessions.title',
      sql<string | null>`case field when 'prompt' then turns.prompt end`.as('prompt'),
      sql<
        string | null
      >`case field when 'answer' then substr(turns.response, 1, ${sql.lit(maxCharacters)}) end`.as(
        'response',
      ),
    ])
    .where(
      sql<boolean>`search_entries.id in (select cast(ids.id as bigint) from (${idsIn(sql`${of.ids}`, dialect)}) as ids)`,
    )
    .where(sql<boolean>`${conditionsOf(of, shape, dialect)}`)
    .orderBy('search_entries.id', 'desc')
    .limit(of.limit)
    .$castTo<TextRow>(),
)

function toFound(row: TextRow): FoundText {
  const { id, session_id: sessionId, turn_id: turnId, field, at, title, prompt, response } = row
  const text = field === 'title' ? title : field === 'answer' ? response : textOf(prompt)
  return { id: Number(id), sessionId, sessionTitle: title, turnId, field, text: text ?? '', at: Number(at) }
}

/** The text of a prompt as it is indexed. */
function textOf(json: string | null): string {
  const prompt = JSON.parse(json ?? '""') as Prompt
  if (typeof prompt === 'string') return prompt.slice(0, maxCharacters)
  const texts = prompt.flatMap(block => (block.type === 'text' ? [block.text] : []))
  return texts.join('\n').slice(0, maxCharacters)
}
