import type * as Sqlite from 'node:sqlite'

/**
 * Node's SQLite, which is not imported statically: in older versions of Node that import fails before any check of the
 * version can run.
 */
export const { DatabaseSync } = (process.getBuiltinModule?.('node:sqlite') ?? {}) as typeof Sqlite
export type DatabaseSync = Sqlite.DatabaseSync
