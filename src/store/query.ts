import type { Compilable } from 'kysely'
import type { Dialect } from './dialect.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

/** A query with the values of its parameters, for either dialect. Its text is built and compiled once. */
export interface Query<O> {
  readonly template: Template<O>
  readonly values: Values
}

/** The text of a query for one dialect, and where its values go. */
export interface Compiled {
  readonly sql: string
  readonly slots: readonly unknown[]
}

/** The source of a query, compiled at most once per dialect. */
export interface Template<O> {
  /** Only there so that rows have a type. */
  readonly rows?: O[]
  compile(dialect: Dialect): Compiled
}

type Values = Readonly<Record<string, unknown>>

/** Stands for the value of a parameter while a query is compiled. */
class Parameter {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * A query that is built and compiled when it is first run.
 * @example
 * const selectTurn = prepared((db, of: { id: string }) => db.selectFrom('turns').selectAll().where('id', '=', of.id))
 * const turn = yield* first(selectTurn({ id: 'a' }))
 */
export function prepared<P extends object, O>(
  build: (db: QueryBuilder, parameters: P, dialect: Dialect) => Compilable<O>,
): (values: P) => Query<O> {
  const template = createTemplate<O>(dialect => build(dialect.db, parametersOf<P>(), dialect))
  return values => ({ template, values: values as Values })
}

/** As `prepared`, for a query whose text depends on more than values: compiled once for each `shape`. */
export function preparedBy<S extends string, P extends object, O>(
  build: (db: QueryBuilder, parameters: P, shape: S, dialect: Dialect) => Compilable<O>,
): (shape: S, values: P) => Query<O> {
  const templates = new Map<S, Template<O>>()
  return (shape, values) => {
    let template = templates.get(shape)
    if (!template) {
      template = createTemplate<O>(dialect => build(dialect.db, parametersOf<P>(), shape, dialect))
      templates.set(shape, template)
    }
    return { template, values: values as Values }
  }
}

/** Inserts of a row into a table; compiled once for each set of columns. */
export function preparedInsert<T extends keyof StoreSchema & string>(table: T) {
  const insert = preparedBy((db: QueryBuilder, row: Values, columns: string) =>
    // The row's columns are checked where it is handed in.
    db.insertInto(table).values(pick(row, columns) as never),
  )
  return (row: Partial<Record<keyof StoreSchema[T] & string, unknown>>): Query<unknown> =>
    insert(columnsOf(row), row as Values)
}

/** The names of the columns that have a value, as a shape. */
export function columnsOf(row: object): string {
  return Object.entries(row)
    .filter(([, value]) => value !== undefined)
    .map(([column]) => column)
    .join()
}

/** Those columns of a row. */
export function pick(row: Values, columns: string): Values {
  if (columns === '') return {}
  return Object.fromEntries(columns.split(',').map(column => [column, row[column]]))
}

/** The values in the order in which the text has them. */
export function fill({ slots }: Compiled, values: Values): unknown[] {
  return slots.map(slot => (slot instanceof Parameter ? values[slot.name] : slot))
}

function createTemplate<O>(build: (dialect: Dialect) => Compilable<O>): Template<O> {
  const compiled = new Map<Dialect['name'], Compiled>()
  return {
    compile(dialect) {
      let found = compiled.get(dialect.name)
      if (!found) {
        const { sql, parameters } = build(dialect).compile()
        found = { sql, slots: parameters }
        compiled.set(dialect.name, found)
      }
      return found
    },
  }
}

function parametersOf<P>(): P {
  return new Proxy({}, { get: (_, name) => new Parameter(String(name)) }) as P
}
