/**
 * How a field is kept: `plain` as it is, `json` as text, `list` as `json` where it has items, else null, and `flag` as
 * 0 or 1. `null` stays null.
 */
export type ColumnKind = 'plain' | 'json' | 'list' | 'flag'

type Kinds<R> = { readonly [F in keyof R]?: ColumnKind }

/** `startedAt` -> `started_at` */
type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : ''

type Column<T, K> = K extends 'json'
  ? string | (null extends T ? null : never)
  : K extends 'list'
    ? string | null
    : K extends 'flag'
      ? number
      : T

/** The row that a record with these kinds of columns has. */
export type RowOf<M> =
  M extends RecordMapper<infer R, infer K>
    ? { -readonly [F in keyof K & keyof R & string as SnakeCase<F>]: Column<R[F], K[F]> }
    : never

export type Row = Record<string, unknown>

/** Knows both the names of a record and those of its columns. */
export interface RecordMapper<R, K extends Kinds<R>> {
  /** Only there for `RowOf`. */
  readonly kinds: K
  /** The columns of the fields that are given. */
  toRow(fields: Partial<Pick<R, keyof K & keyof R>>): Row
  toRecord(row: object): Pick<R, keyof K & keyof R>
}

export function recordMapper<R>() {
  return <const K extends Kinds<R>>(kinds: K): RecordMapper<R, K> => {
    const columns = Object.entries(kinds).map(([field, kind]) => ({
      field,
      column: snakeCased(field),
      kind: kind as ColumnKind,
    }))
    return {
      kinds,
      toRow(fields) {
        const row: Row = {}
        for (const { field, column, kind } of columns) {
          const value = (fields as Row)[field]
          if (value !== undefined) row[column] = value === null ? null : writers[kind](value)
        }
        return row
      },
      toRecord(row) {
        const record: Row = {}
        for (const { field, column, kind } of columns) record[field] = readers[kind]((row as Row)[column])
        return record as Pick<R, keyof K & keyof R>
      },
    }
  }
}

const writers: Record<ColumnKind, (value: unknown) => unknown> = {
  plain: value => value,
  json: value => JSON.stringify(value),
  list: value => (Array.isArray(value) && value.length === 0 ? null : JSON.stringify(value)),
  flag: value => (value ? 1 : 0),
}

const readers: Record<ColumnKind, (value: unknown) => unknown> = {
  plain: value => value,
  json: value => (value === null ? null : JSON.parse(value as string)),
  list: value => (value === null ? [] : JSON.parse(value as string)),
  flag: value => value === 1,
}

/** `startedAt` -> `started_at` */
export function snakeCased(field: string): string {
  return field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}
