import type { SQLInputValue, StatementSync } from 'node:sqlite'
import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Body, Step } from '../database.ts'
import { type Dialect, sqliteExpressions } from '../dialect.ts'
import { type Compiled, fill, type Query } from '../query.ts'
import type { QueryBuilder, StoreSchema } from '../schema.ts'
import { DatabaseSync } from './engine.ts'

/** Distinct statements are few; the bound only guards against queries with many shapes. */
const maxStatements = 300
/** Other programs (a backup, a shell) may hold the file for a moment; waiting for them blocks this process. */
const busyTimeoutMs = 2_000

export const sqlite: Dialect = {
  ...sqliteExpressions,
  name: 'sqlite',
  db: new Kysely<StoreSchema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: db => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
}

export interface Connection {
  /** Runs what it builds, for migrations. */
  readonly db: QueryBuilder
  /** False as well after an error for which SQLite gave up the transaction by itself. */
  readonly inTransaction: boolean
  all<O>(query: Query<O>): O[]
  /** @returns the number of rows changed */
  run(query: Query<unknown>): number
  /** Runs a body to its end. */
  complete<T>(body: Body<T>): T
  /** Runs one statement as it is written. */
  execute(statement: string): Record<string, unknown>[]
  /** A statement as it is written, for many rows. */
  prepare(statement: string): Statement
  /** Idempotent. */
  close(): void
}

export interface Statement {
  run(parameters: readonly unknown[]): { changes: number | bigint }
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>
}

/**
 * Opens one SQLite connection. Statements run to their end within the call: on one connection this is what
 * keeps a reader from ever seeing half of a change.
 * @throws node:sqlite's error when the file cannot be opened or is not a database
 */
export function openConnection(file: string): Connection {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  try {
    // A new file can shrink in small steps; this has to come first, and must not write to one that exists.
    const isNew = database.prepare('pragma page_count').get()?.page_count === 0
    if (isNew) database.exec('pragma auto_vacuum = incremental')
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
    return new NodeSqliteConnection(database)
  } catch (error) {
    database.close()
    throw error
  }
}

class NodeSqliteConnection implements Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<Compiled | string, CachedStatement>()
  readonly db: QueryBuilder

  constructor(database: DatabaseSync) {
    this.#database = database
    this.db = new Kysely<StoreSchema>({ dialect: new SqliteDialect({ database: this }) })
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  all<O>({ template, values }: Query<O>): O[] {
    const compiled = template.compile(sqlite)
    return this.#statement(compiled, compiled.sql).all(fill(compiled, values)) as O[]
  }

  run({ template, values }: Query<unknown>): number {
    const compiled = template.compile(sqlite)
    return Number(this.#statement(compiled, compiled.sql).run(fill(compiled, values)).changes)
  }

  complete<T>(body: Body<T>): T {
    let step = body.next()
    while (!step.done) step = this.#take(body, step.value)
    return step.value
  }

  #take<T>(body: Body<T>, { query, wants }: Step): IteratorResult<Step, T> {
    let outcome: unknown[] | number
    try {
      outcome = wants === 'rows' ? this.all(query) : this.run(query)
    } catch (error) {
      return body.throw(error)
    }
    return body.next(outcome)
  }

  execute(statement: string): Record<string, unknown>[] {
    return this.prepare(statement).all([])
  }

  /** Kysely's dialect asks for this and `close` as well. */
  prepare(sql: string): CachedStatement {
    return this.#statement(sql, sql)
  }

  #statement(key: Compiled | string, sql: string): CachedStatement {
    const known = this.#statements.get(key)
    if (known) return known
    const statement = new CachedStatement(this.#database.prepare(sql))
    this.#statements.set(key, statement)
    if (this.#statements.size > maxStatements) {
      const [oldest] = this.#statements.keys()
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    return statement
  }

  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}

class CachedStatement {
  readonly #statement: StatementSync

  constructor(statement: StatementSync) {
    this.#statement = statement
  }

  get reader(): boolean {
    return this.#statement.columns().length > 0
  }

  all(parameters: readonly unknown[]): Record<string, unknown>[] {
    return this.#statement.all(...(parameters as SQLInputValue[]))
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...(parameters as SQLInputValue[]))
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...(parameters as SQLInputValue[]))
  }
}
