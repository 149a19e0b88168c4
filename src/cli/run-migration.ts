import { type CopyProgress, migrateStore } from '../app/migrate-store.ts'

export interface MigrateFlags {
  from: string
  to: string
  schema: string
}

const barWidth = 30

/** Copies a store; progress goes to standard error, what was copied to standard output. */
export async function runMigration(flags: MigrateFlags): Promise<void> {
  const copied = await migrateStore(flags, showProgress).finally(() => {
    if (process.stderr.isTTY) process.stderr.write('\n')
  })
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
  const filled = total === 0 ? barWidth : Math.round((barWidth * done) / total)
  const bar = '#'.repeat(filled).padEnd(barWidth, '.')
  process.stderr.write(`\r\x1b[K[${bar}] ${word} ${table} ${done}/${total}`)
}
