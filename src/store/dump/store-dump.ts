/** A value of a column. */
export type StoredValue = string | number | Uint8Array | null

export interface DumpedTable {
  name: string
  columns: readonly string[]
  rows: number
}

/** One state of a whole store, which stays the same while a server writes. */
export interface StoreDump {
  readonly kind: 'sqlite' | 'postgres'
  /** Names of the migrations that the store has. */
  readonly migrations: readonly string[]
  /** In an order in which they can be filled. */
  readonly tables: readonly DumpedTable[]
  /** The rows of one table in batches, each row in the order of the columns. */
  rows(table: DumpedTable): AsyncIterable<StoredValue[][]>
  /** Idempotent. */
  close(): Promise<void>
}
