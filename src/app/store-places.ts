import { join } from 'node:path'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import type { StoreDatabase } from '../store/open-store.ts'

/** Where a server keeps what it stores. */
export interface StorePlaces {
  dataDir: string
  workspacesDir: string
  /** Undefined: a file in `dataDir`. */
  database: StoreDatabase | undefined
}

export function placesOf({ dataDir, workspacesDir, database }: ResolvedConfig): StorePlaces {
  return { dataDir, workspacesDir, database }
}

export function databaseFileIn(dataDir: string): string {
  return join(dataDir, 'claude-code-api.db')
}
