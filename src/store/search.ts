import { type RawBuilder, sql } from 'kysely'
import { Pace } from '../lib/pace.ts'
import { hasAllTerms } from '../lib/words.ts'
import type { FoundText, SearchRequest, SearchStore, SearchTerm } from '../sessions/ports/index.ts'
import { all, type Body, type Database } from './database.ts'
import type { Dialect } from './dialect.ts'
import { prepared, preparedBy } from './query.ts'
import type { SearchEntriesTable } from './schema.ts'
import {
  conditionsOf,
  type FilterValues,
  idsIn,
  shapeOf,
  toFilterValues,
  toIdList,
} from './session-list-queries.ts'

/** Texts with all words that one call examines: filters and phrases may leave few of them. */
const maxExamined = 1_000
/** Characters in which one call looks for phrases. */
const maxPhraseCharacters = 4 * 1024 * 1024
/** Texts that are examined within one round of the event loop. */
const perStep = 100
/** Texts that are read within one round of the event loop; some prompts have megabytes of other content. */
const perRead = 4
/** Phrases are looked for in one longer text in each round of the event loop. */
const shortText = 4_096
/** Characters of a text that are indexed; see the migration. */
const maxCharacters = 65_536
const newest = Number.MAX_SAFE_INTEGER

/** Search: see the port `SearchStore`. */
export function createSearch(database: Database): SearchStore {
  const pace = new Pace(1)

  async function readTexts(rows: readonly FoundRow[]): Promise<FoundText[]> {
    await pace.take()
    const read = await database.all(selectTexts({ ids: toIdList(rows.map(({ id }) => String(id))) }))
    const texts = new Map(read.map(({ id, text }) => [Number(id), text]))
    // Those that were removed meanwhile are left out.
    return rows.filter(({ id }) => texts.has(Number(id))).map(row => toFound(row, texts.get(Number(row.id))))
  }

  /** The index compares phrases for all texts in one go, so this is done here, text by text. */
  async function hasPhrases({ text }: FoundText, phrases: readonly SearchTerm[]): Promise<boolean> {
    if (phrases.length === 0) return true
    if (text.length > shortText) await pace.take()
    return hasAllTerms(text, phrases)
  }

  return {
    async search(request) {
      const phrases = request.terms.filter(({ words }) => words.length > 1)
      const found: FoundText[] = []
      let { before } = request
      let characters = 0
      for (let examined = 0; examined < maxExamined; examined += perStep) {
        await pace.take()
        const { rows, last } = await database.read(() => examine({ ...request, before }))
        for (let start = 0; start < rows.length; start += perRead) {
          const group = rows.slice(start, start + perRead)
          for (const text of await readTexts(group)) {
            characters += text.text.length
            if (!(await hasPhrases(text, phrases))) continue
            if (found.length === request.limit) return { found, before: found.at(-1)?.id }
            found.push(text)
          }
          if (phrases.length > 0 && characters > maxPhraseCharacters) {
            return { found, before: Number(group.at(-1)?.id) }
          }
        }
        before = last
        if (before === undefined) break
      }
      return { found, before }
    },
  }
}

/** @returns also the last text that was examined; undefined: there are no more */
function* examine(request: SearchRequest): Body<{ rows: FoundRow[]; last: number | undefined }> {
  const matches = yield* all(selectMatches(request))
  const rows = yield* all(selectFound(request, toIdList(matches.map(({ id }) => String(id)))))
  const last = matches[perStep - 1]?.id
  return { rows, last: last === undefined ? undefined : Number(last) }
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

/** Texts that have all words, newest first, whatever the sessions. Phrases are not looked at. */
export function selectMatches({ terms, tenantId, sessionId, before = newest }: SearchRequest) {
  const shape = [tenantId !== undefined && 'tenant', sessionId !== undefined && 'session']
    .filter(Boolean)
    .join()
  const words = toWords(terms)
  const match = toMatch(words, tenantId, sessionId)
  return selectPage(shape, { match, query: toTsquery(words), tenantId, sessionId, before })
}

const selectPage = preparedBy((db, of: MatchValues, shape: string, dialect) => {
  if (dialect.name === 'sqlite') {
    return db
      .selectFrom('search_words')
      .select('rowid as id')
      .where(sql<boolean>`search_words match ${of.match}`)
      .where('rowid', '<', of.before)
      .orderBy('rowid', 'desc')
      .limit(perStep)
  }
  let selection = db
    .selectFrom('search_entries')
    .select('id')
    .where(sql<boolean>`words @@ to_tsquery('simple', ${of.query})`)
    .where('id', '<', of.before)
  if (shape.includes('tenant')) selection = selection.where('tenant_id', '=', of.tenantId ?? '')
  if (shape.includes('session')) selection = selection.where('session_id', '=', of.sessionId ?? '')
  return selection.orderBy('id', 'desc').limit(perStep)
})

interface Word {
  word: string
  isPrefix: boolean
}

/** The words of all terms, each once. */
function toWords(terms: readonly SearchTerm[]): Word[] {
  const words = terms.flatMap(({ words, isPrefix }) =>
    words.map((word, index) => ({ word, isPrefix: isPrefix && index === words.length - 1 })),
  )
  return [...new Map(words.map(word => [`${word.isPrefix} ${word.word}`, word])).values()]
}

/** A query of FTS5. Words are letters and digits, and in quotes: nothing in them is syntax. */
function toMatch(words: readonly Word[], tenantId?: string, sessionId?: string): string {
  const owners = [
    ...(tenantId === undefined ? [] : [`t${Buffer.from(tenantId).toString('hex')}`]),
    ...(sessionId === undefined ? [] : [`s${sessionId.replaceAll('-', '')}`]),
  ]
  const texts = words.map(({ word, isPrefix }) => `text : "${word}"${isPrefix ? ' *' : ''}`)
  return [...owners.map(owner => `owner : "${owner}"`), ...texts].join(' AND ')
}

/** As `toMatch`, for PostgreSQL. */
function toTsquery(words: readonly Word[]): string {
  return words.map(({ word, isPrefix }) => `'${word}'${isPrefix ? ':*' : ''}`).join(' & ')
}

interface FoundRow extends Omit<SearchEntriesTable, 'id'> {
  id: number
  title: string | null
}

/** Those of some texts that are in sessions of the filter. */
export function selectFound({ archived, tags }: Pick<SearchRequest, 'archived' | 'tags'>, ids: string) {
  const filter = toFilterValues(undefined, { status: 'all', archived, tags })
  return selectFiltered(shapeOf(filter), { ...filter, ids })
}

const selectFiltered = preparedBy((db, of: FilterValues & { ids: string }, shape: string, dialect) =>
  db
    .selectFrom('search_entries')
    .innerJoin('sessions', 'sessions.id', 'search_entries.session_id')
    .select([
      'search_entries.id',
      'search_entries.session_id',
      'search_entries.turn_id',
      'search_entries.field',
      'search_entries.at',
      'sessions.title',
    ])
    .where(isAmong(of.ids, dialect))
    .where(sql<boolean>`${conditionsOf(of, shape, dialect)}`)
    .orderBy('search_entries.id', 'desc')
    .$castTo<FoundRow>(),
)

/** Some texts, as far as they are indexed: prompts can have megabytes of other content. */
export const selectTexts = prepared((db, of: { ids: string }, dialect) =>
  db
    .selectFrom('search_entries')
    .innerJoin('sessions', 'sessions.id', 'search_entries.session_id')
    .leftJoin('turns', 'turns.id', 'search_entries.turn_id')
    .select([
      'search_entries.id',
      sql<string | null>`substr(case field when 'title' then sessions.title when 'answer' then turns.response
        else ${promptText(dialect)} end, 1, ${sql.lit(maxCharacters)})`.as('text'),
    ])
    .where(isAmong(of.ids, dialect)),
)

/** The text of a prompt as the migration indexes it. */
function promptText({ name }: Dialect): RawBuilder<string | null> {
  if (name === 'postgres') return sql`search_text_of(turns.prompt)`
  return sql`case json_type(turns.prompt) when 'array' then (
      select group_concat(json_extract(listed.value, '$.text'), char(10)) from json_each(turns.prompt) as listed
        where json_extract(listed.value, '$.type') = 'text')
    else json_extract(turns.prompt, '$') end`
}

function isAmong(ids: string, dialect: Dialect): RawBuilder<boolean> {
  return sql`search_entries.id in (select cast(ids.id as bigint) from (${idsIn(sql`${ids}`, dialect)}) as ids)`
}

function toFound(row: FoundRow, text: string | null | undefined): FoundText {
  const { id, session_id: sessionId, turn_id: turnId, field, at, title } = row
  return { id: Number(id), sessionId, sessionTitle: title, turnId, field, text: text ?? '', at: Number(at) }
}
