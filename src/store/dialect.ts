import { type RawBuilder, sql } from 'kysely'
import type { QueryBuilder } from './schema.ts'

type Text = RawBuilder<unknown>

/** The differences between the SQL of SQLite and PostgreSQL. JSON is text in both. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres'
  /** Whether other transactions may write at the same time, so that rows are locked. */
  readonly locksRows: boolean
  /** Builds queries; runs none. */
  readonly db: QueryBuilder
  /** The items of a JSON array as a table with the column `value`, once it has that alias. */
  items(json: Text): RawBuilder<{ value: string }>
  itemsAlias(name: string): RawBuilder<unknown>
  /** A field of a JSON object as text, as a number, or as 0 or 1. */
  textIn(json: Text, field: string): RawBuilder<string>
  numberIn(json: Text, field: string): RawBuilder<number>
  flagIn(json: Text, field: string): RawBuilder<0 | 1>
  /** Whether a JSON array of texts, or null, has all items of another array. */
  hasItems(json: Text, wanted: Text): RawBuilder<boolean>
  /** The item of a JSON array at an index, as a number. */
  itemAt(json: Text, index: number): RawBuilder<number>
  /** The fields of a JSON object as a table with the columns `key` and `value`, once it has an alias. */
  entries(json: Text): RawBuilder<unknown>
  /** Aggregates a JSON object as text; null of no rows. */
  objectOf(key: Text, value: Text): RawBuilder<string>
  /** A text as its bytes in UTF-8. */
  bytesOf(text: Text): RawBuilder<Uint8Array>
  /** The clock of the database, in milliseconds since 1970. */
  readonly now: RawBuilder<number>
  /** The name of a row of any table within one transaction. */
  readonly rowId: RawBuilder<unknown>
  /** The greater of two numbers. */
  greater(one: Text, other: Text): RawBuilder<number>
  lesser(one: Text, other: Text): RawBuilder<number>
  /** Whether a column has a text that may be long, of which PostgreSQL keeps a hash in its index. */
  sameText(column: Text, value: Text): RawBuilder<boolean>
  /** The expression in the index over such a column. */
  indexed(column: Text): RawBuilder<unknown>
  /** Whether a column holds JSON, which only a damaged file can leave in doubt. */
  isJson(column: Text): RawBuilder<boolean>
  isObject(column: Text): RawBuilder<boolean>
}

type Expressions = Omit<Dialect, 'name' | 'db'>

export const sqliteExpressions: Expressions = {
  locksRows: false,
  items: json => sql`json_each(${json})`,
  itemsAlias: name => sql.ref(name),
  textIn: (json, field) => extract(json, field),
  numberIn: (json, field) => extract(json, field),
  flagIn: (json, field) => extract(json, field),
  hasItems: (json, wanted) => sql`not exists (select 1 from json_each(${wanted}) as wanted
    where not exists (select 1 from json_each(${json}) as had where had.value = wanted.value))`,
  itemAt: (json, index) => sql`json_extract(${json}, ${sql.lit(`$[${index}]`)})`,
  entries: json => sql`json_each(${json})`,
  objectOf: (key, value) => sql`json_group_object(${key}, ${value})`,
  bytesOf: text => sql`cast(${text} as blob)`,
  now: sql`cast(unixepoch('subsec') * 1000 as integer)`,
  rowId: sql`rowid`,
  greater: (one, other) => sql`max(${one}, ${other})`,
  lesser: (one, other) => sql`min(${one}, ${other})`,
  sameText: (column, value) => sql`${column} = ${value}`,
  indexed: column => column,
  isJson: column => sql`json_valid(${column})`,
  isObject: column => sql`case when json_valid(${column}) then json_type(${column}) = 'object' end`,
}

export const postgresExpressions: Expressions = {
  locksRows: true,
  items: json => sql`jsonb_array_elements((${json})::jsonb)`,
  itemsAlias: name => sql`${sql.ref(name)}(value)`,
  textIn: (json, field) => sql`((${json})::jsonb ->> ${sql.lit(field)})`,
  numberIn: (json, field) => sql`((${json})::jsonb ->> ${sql.lit(field)})::float8`,
  flagIn: (json, field) => sql`((${json})::jsonb ->> ${sql.lit(field)})::boolean::int`,
  hasItems: (json, wanted) => sql`coalesce((${json})::jsonb @> (${wanted})::jsonb, false)`,
  itemAt: (json, index) => sql`((${json})::jsonb ->> ${sql.lit(index)})::bigint`,
  entries: json => sql`jsonb_each_text((${json})::jsonb)`,
  objectOf: (key, value) => sql`jsonb_object_agg(${key}, ${value})::text`,
  bytesOf: text => sql`convert_to(${text}, 'UTF8')`,
  now: sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
  rowId: sql`ctid`,
  greater: (one, other) => sql`greatest(${one}, ${other})`,
  lesser: (one, other) => sql`least(${one}, ${other})`,
  sameText: (column, value) => sql`md5(${column}) = md5(${value}) and ${column} = ${value}`,
  indexed: column => sql`md5(${column})`,
  isJson: () => sql`true`,
  isObject: () => sql`true`,
}

/** The later of two times, of which either may be unknown. */
export function later({ greater }: Dialect, one: Text, other: Text): RawBuilder<number> {
  return greater(sql`coalesce(${one}, ${other})`, sql`coalesce(${other}, ${one})`)
}

function extract<T>(json: Text, field: string): RawBuilder<T> {
  return sql`json_extract(${json}, ${sql.lit(`$.${field}`)})`
}
