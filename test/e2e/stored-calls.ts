import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PermissionRequest } from '../../src/contract/permissions.ts'
import { until } from '../support/open-sessions.ts'

/**
 * Waits until the store has the tool call of the request: Claude Code hands its transcript over a moment after it has
 * asked, and a server that closes waits only briefly for it. Without it the turn cannot continue.
 *
 * @param cwd the directory of `openServer`
 */
export async function callStored(cwd: string, { toolUseId }: PermissionRequest): Promise<void> {
  const database = new DatabaseSync(join(cwd, 'data', 'claude-code-api.db'), {
    readOnly: true,
    timeout: 10_000,
  })
  try {
    const statement = database.prepare('select 1 from transcript_entries where entry like ?')
    await until(() => statement.get(`%${toolUseId}%`) !== undefined)
  } finally {
    database.close()
  }
}
