import type { Command } from 'commander'
import { parseAge, parseSize } from './amounts.ts'
import { loadOptions } from './load-options.ts'
import { reportingFaults } from './report-faults.ts'
import type { BackupFlags } from './run-backup.ts'
import type { PruneFlags } from './run-prune.ts'
import { addPlaceFlags, toFlagValues } from './server-flags.ts'

/** Adds the commands that work on a store without its server. */
export function addStoreCommands(program: Command): void {
  addBackup(program)
  addRestore(program)
  addPrune(program)
}

function addBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('write the store into one file and verify it; a server may be running')
    .argument('<file>', 'the backup to write, a tar.gz; - for standard output')
    .option('--with-workspaces', 'with the directories that the server made for sessions', false)
    .option('--with-secrets', 'with secret.key and server-key.json: keep such a file like a password', false)
    .option('--force', 'replace an existing file', false)
    .option('--verify', 'write nothing: check a backup that exists', false)
    .option('--json', 'print the result as JSON', false)
  addPlaceFlags(backup).action((file: string, flags: BackupFlags & { config?: string }) =>
    reportingFaults(async () => {
      const { runBackup, runVerification } = await import('./run-backup.ts')
      if (flags.verify) return runVerification(file, flags)
      await runBackup(file, await loadOptions(toFlagValues(backup), flags.config, false), flags)
    }),
  )
}

function addRestore(program: Command): void {
  const command = program
    .command('restore')
    .description('restore a backup into an empty data directory, and an empty database if one is configured')
    .argument('<file>', 'the backup to read')
    .option('--json', 'print the result as JSON', false)
  addPlaceFlags(command).action((file: string, flags: { config?: string; json: boolean }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(command), flags.config, false)
      const { runRestore } = await import('./run-backup.ts')
      await runRestore(file, loaded, flags)
    }),
  )
}

function addPrune(program: Command): void {
  const command = program
    .command('prune')
    .description('remove sessions that are over from the store of a server that does not run')
    .option('--older-than <time>', 'sessions that ended longer ago, such as 30d or 12h', parseAge)
    .option(
      '--max-size <size>',
      'more sessions, oldest first, until the store is this small, such as 2G',
      parseSize,
    )
    .option('--dry-run', 'remove nothing, only count', false)
    .option('--compact', 'write the SQLite file anew without its free space', false)
    .option('--json', 'print the result as JSON', false)
  addPlaceFlags(command).action((flags: PruneFlags & { config?: string }) =>
    reportingFaults(async () => {
      const loaded = await loadOptions(toFlagValues(command), flags.config, false)
      const { runPrune } = await import('./run-prune.ts')
      await runPrune(loaded, flags)
    }),
  )
}
