import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ResolvedConfig } from '../../config/resolve-config.ts'
import { openStoreDump } from '../../store/dump/open-dump.ts'
import { migrations } from '../../store/migrations/all.ts'
import { readOwner } from '../../store/sqlite/ownership.ts'
import { StoreOpenError } from '../../store/store-open-error.ts'
import { databaseFileIn } from '../store-places.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Checks the data directory, without making it. */
export function checkDataDirectory({ dataDir }: ResolvedConfig): Finding {
  const check = 'data directory'
  if (!existsSync(dataDir)) {
    let parent = dirname(dataDir)
    while (!existsSync(parent)) parent = dirname(parent)
    return isUsable(parent)
      ? ok(check, `${dataDir} is created at the first start`)
      : failure(check, `${dataDir} cannot be created in ${parent}`, 'choose another with --data-dir')
  }
  const stats = statSync(dataDir)
  if (!stats.isDirectory())
    return failure(check, `${dataDir} is not a directory`, 'choose another with --data-dir')
  if (!isUsable(dataDir)) {
    return failure(
      check,
      `${dataDir} cannot be written by this user`,
      'change its owner, or choose another with --data-dir',
    )
  }
  if ((stats.mode & 0o077) !== 0) {
    return warning(
      check,
      `${dataDir} is readable by other users`,
      'the next start makes it private (mode 0700)',
    )
  }
  return ok(check, `${dataDir} is private and writable`)
}

/** Reads the store without changing it: no migration, no lock. */
export async function checkStore(config: ResolvedConfig): Promise<Finding> {
  const check = 'store'
  const file = databaseFileIn(config.dataDir)
  if (!config.database && !existsSync(file)) return ok(check, 'a new one is created at the first start')
  try {
    const dump = await openStoreDump(file, config.database)
    const sessions = dump.tables.find(({ name }) => name === 'sessions')?.rows ?? 0
    const pending = migrations.length - dump.migrations.length
    await dump.close()
    const owner = config.database ? undefined : readOwner(`${file}.owner`)
    const holder = owner ? `, in use by process ${owner.pid} on ${owner.host} since ${owner.since}` : ''
    const what = `${dump.kind}, ${sessions} sessions${holder}`
    return pending > 0
      ? warning(check, `${what}, of an older version`, 'the next start migrates it: make a backup first')
      : ok(check, what)
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error
    // A new database has no tables.
    if (error.reason === 'empty') return ok(check, 'empty; the first start fills it')
    return failure(check, error.message, 'see docs/guides/database.md')
  }
}

/** Checks each directory that sessions may work in. */
export function checkRoots({ allowedRoots, tenants }: ResolvedConfig): Finding[] {
  const all = [allowedRoots, ...[...tenants.values()].map(tenant => tenant.allowedRoots)]
  return [...new Set(all.flat())].map(root => {
    const check = 'root'
    if (!existsSync(root))
      return failure(check, `${root} does not exist`, 'create it, or choose another with --root')
    if (!statSync(root).isDirectory())
      return failure(check, `${root} is not a directory`, 'choose another with --root')
    return isUsable(root)
      ? ok(check, root)
      : warning(check, `${root} cannot be written by this user`, 'sessions there cannot change files')
  })
}

function isUsable(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
