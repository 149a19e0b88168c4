import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one bench gets, and where it leaves what has to be closed. */
export interface Scope {
  /** A smoke run: everything is gone through, the figures mean nothing. */
  readonly quick: boolean
  /** Node writes a profile of each server's process here; undefined: none. */
  readonly profileDirectory: string | undefined
  /** Its own, gone afterwards. */
  readonly directory: string
  /** Called when the bench is over, however it ends; the last one first. */
  onEnd(close: () => unknown): void
}

export type Bench = (scope: Scope) => Promise<void>

/** Runs a bench and closes all that it has opened. */
export async function runBench(
  bench: Bench,
  settings: Pick<Scope, 'quick' | 'profileDirectory'>,
): Promise<void> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'claude-code-api-bench-')))
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  process.once('exit', remove)
  const closers: (() => unknown)[] = []
  try {
    await bench({ ...settings, directory, onEnd: close => closers.push(close) })
  } finally {
    for (const close of closers.reverse()) await close()
    process.off('exit', remove)
    remove()
  }
}
