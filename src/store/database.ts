import type { AuditFacts } from '../sessions/ports/index.ts'
import type { Query } from './query.ts'
import type { Write, Written } from './write.ts'

/**
 * A sequence of queries, of which each may depend on the rows of those before it. SQLite runs it to its end within
 * one call; PostgreSQL runs it in one transaction.
 * @example
 * function* countBoth(): Body<number> {
 *   const row = yield* first(countTurns({}))
 *   return row?.count ?? 0
 * }
 */
export type Body<T> = Generator<Step, T, Rows>

export interface Step {
  query: Query<unknown>
  /** Whether the rows are asked for, or how many were changed. */
  wants: 'rows' | 'count'
}

type Rows = unknown[] | number

export function* all<O>(query: Query<O>): Body<O[]> {
  return (yield { query, wants: 'rows' }) as O[]
}

export function* first<O>(query: Query<O>): Body<O | undefined> {
  return ((yield { query, wants: 'rows' }) as O[])[0]
}

/** @returns the number of rows changed */
export function* run(query: Query<unknown>): Body<number> {
  return (yield { query, wants: 'count' }) as number
}

/** A database under the store. Everything rejects once it is closed. */
export interface Database {
  all<O>(query: Query<O>): Promise<O[]>
  first<O>(query: Query<O>): Promise<O | undefined>
  /** All queries of the body see the same state. @param waits for whom: an open stream is not ended for an outage */
  read<T>(body: () => Body<T>, waits?: 'request' | 'stream'): Promise<T>
  /**
   * Resolves once all that the body wrote is durable. A body that throws is undone; it may be run again.
   *
   * @param toFacts makes it a change that the audit log has: gives what the request's entry says about it, such as the
   * id of what was made; undefined: nothing was changed
   */
  transaction<T>(body: () => Body<T>, toFacts?: (value: T) => AuditFacts | undefined): Promise<T>
  /** As `transaction`, for the change of a session; writes are applied in the order of the calls. */
  write(write: Write): Promise<Written>
  /** Resolves when the database can read and write. */
  check(): Promise<void>
  /** How many bytes are stored beyond a limit, without free space in files; not above 0: none. */
  measureExcess(maxBytes: number): Promise<number>
  /** Gives some free space of a file back. @returns whether there is more */
  reclaimStep(): Promise<boolean>
  /** Finishes what was handed in. Idempotent. */
  close(): Promise<void>
}
