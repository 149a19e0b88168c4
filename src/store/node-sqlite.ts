import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { type Compilable, Kysely, SqliteDialect } from 'kysely'
import type { QueryBuilder, StoreSchema } from './schema.ts'

/** Distinct statements are few; the bound only guards against queries whose text grows with their input. */
const maxStatements = 200
/** Other programs (a backup, a shell) may hold the file for a moment; waiting for them blocks this process. */
const busyTimeoutMs = 2_000

export interface Connection {
  /** Builds queries; what it builds is run by `all`, `first` and `run`. */
  readonly db: QueryBuilder
  /** False as well after an error for which SQLite gave up the transaction by itself. */
  readonly inTransaction: boolean
  all<O>(query: Compilable<O>): O[]
  first<O>(query: Compilable<O>): O | undefined
  /** @returns the number of rows changed */
  run(query: Compilable): number
  /** Runs one statement as it is written. */
  execute(statement: string): Record<string, unknown>[]
  /** Idempotent. */
  close(): void
}

/**
 * Opens one SQLite connection. Statements run to their end within the call: on one connection this is what
 * keeps a reader from ever seeing half of a change.
 * @throws node:sqlite's error when the file cannot be opened or is no database
 */
export function openConnection(file: string): Connection {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
    return new NodeSqliteConnection(database)
  } catch (error) {
    database.close()
    throw error
  }
}

class NodeSqliteConnection implements Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, CachedStatement>()
  readonly db: QueryBuilder

  constructor(database: DatabaseSync) {
    this.#database = database
    this.db = new Kysely<StoreSchema>({ dialect: new SqliteDialect({ database: this }) })
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  all<O>(query: Compilable<O>): O[] {
    const { sql, parameters } = query.compile()
    return this.prepare(sql).all(parameters) as O[]
  }

  first<O>(query: Compilable<O>): O | undefined {
    return this.all(query)[0]
  }

  run(query: Compilable): number {
    const { sql, parameters } = query.compile()
    return Number(this.prepare(sql).run(parameters).changes)
  }

  execute(statement: string): Record<string, unknown>[] {
    return this.prepare(statement).all([])
  }

  /** With `close`, what Kysely's dialect asks of a database. */
  prepare(sql: string): CachedStatement {
    const known = this.#statements.get(sql)
    // Taken out and put back, so that the first of the map is the one unused for longest.
    if (known) this.#statements.delete(sql)
    const statement = known ?? new CachedStatement(this.#database.prepare(sql))
    this.#statements.set(sql, statement)
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
  readonly reader: boolean
  readonly #statement: StatementSync

  constructor(statement: StatementSync) {
    this.#statement = statement
    this.reader = statement.columns().length > 0
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
