import { type BackupProgress, type BackupSummary, backUp, backUpTo, verifyBackup } from '../app/back-up.ts'
import { type RestoreSummary, restore } from '../app/restore.ts'
import { placesOf } from '../app/store-places.ts'
import type { LoadedOptions } from './load-options.ts'
import { drawBar, endBar } from './progress-bar.ts'

export interface BackupFlags {
  withWorkspaces: boolean
  withSecrets: boolean
  force: boolean
  verify: boolean
  json: boolean
}

const mebibyte = 1024 * 1024

/** Makes a backup, or checks one. Progress goes to standard error, the result to standard output. */
export async function runBackup(file: string, loaded: LoadedOptions, flags: BackupFlags): Promise<void> {
  const places = placesOf(loaded.resolved)
  if (file === '-') {
    await backUpTo(process.stdout, places, flags, showProgress).finally(endBar)
    return
  }
  const summary = await backUp(file, places, flags, showProgress).finally(endBar)
  if (flags.json) return sayJson({ file, ...summary })
  say(`Backed up to ${file} and verified: ${describe(summary)}`)
  sayIf(summary.skipped > 0, `${summary.skipped} special files and links that lead out were left out.`)
  sayIf(
    !summary.parts.includes('secrets'),
    'It does not contain secret.key, without which sealed secrets of sessions, presets and webhooks cannot be read. Keep a copy of that file.',
  )
}

export async function runVerification(file: string, { json }: { json: boolean }): Promise<void> {
  const summary = await verifyBackup(file, showProgress).finally(endBar)
  if (json) return sayJson({ file, ...summary })
  say(`${file} is complete and undamaged: ${describe(summary)}`)
}

/** Restores a backup, and says what is left to do. */
export async function runRestore(
  file: string,
  loaded: LoadedOptions,
  { json }: { json: boolean },
): Promise<void> {
  const places = placesOf(loaded.resolved)
  const summary = await restore(file, places, showProgress).finally(endBar)
  if (json) return sayJson({ file, ...summary })
  say(
    `Restored ${file} to ${places.dataDir}${places.database ? ' and the database' : ''}: ${describe(summary)}`,
  )
  describeRest(summary, places.workspacesDir)
}

function describeRest({ parts, sealedSessions, workspacesDir }: RestoreSummary, current: string): void {
  if (!parts.includes('secrets')) {
    say(
      `The backup has no secret.key. The sealed secrets of webhooks, presets and ${sealedSessions} sessions can be read with that ` +
        'of the old server: put it into the data directory before the start, or set CLAUDE_CODE_API_SECRET_KEY.',
    )
  }
  sayIf(
    workspacesDir !== current,
    `Workspaces of sessions were in ${workspacesDir}, and sessions look for them there. This server has them in ${current}.`,
  )
}

function describe({ createdAt, store, rows, files, bytes }: BackupSummary): string {
  const { sessions = 0, turns = 0, events = 0 } = rows
  return (
    `${sessions} sessions, ${turns} turns, ${events} events, ${files} files; ${(bytes / mebibyte).toFixed(1)} MiB, ` +
    `of ${createdAt}, ${store}`
  )
}

function showProgress({ phase, done, total }: BackupProgress): void {
  drawBar(done, total, phase)
}

function sayIf(isSo: boolean, text: string): void {
  if (isSo) say(text)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function sayJson(result: object): void {
  say(JSON.stringify(result))
}
