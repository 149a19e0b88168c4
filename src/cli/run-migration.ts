import { type CopyProgress, migrateStore } from '../app/migrate-store.ts'
import { drawBar, endBar } from './progress-bar.ts'

export interface MigrateFlags {
  from: string
  to: string
  schema: string
}

/** Copies a store; progress goes to standard error, what was copied to standard output. */
export async function runMigration(flags: MigrateFlags): Promise<void> {
  const copied = await migrateStore(flags, showProgress).finally(endBar)
  for (const { table, rows, checksum } of copied) {
    process.stdout.write(`${table.padEnd(20)} ${String(rows).padStart(10)} rows  ${checksum}\n`)
  }
  process.stdout.write('The copy is complete and verified. The file was left as it is.\n')
}

/** A bar on a terminal; a line for each table elsewhere. */
function showProgress({ table, done, total, isVerifying }: CopyProgress): void {
  const word = isVerifying ? 'verifying' : 'copying'
  if (!process.stderr.isTTY) {
    if (done === total) process.stderr.write(`${word} ${table}: ${total} rows\n`)
    return
  }
  drawBar(done, total, `${word} ${table}`)
}
