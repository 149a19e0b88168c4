import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../lib/log.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'

/** The shortest time from one measurement to the next, in milliseconds. */
const pauseMs = 5_000
/** A measurement of a large directory takes long: all together take at most this share of the time. */
const share = 0.05
/** All watches measure one after the other. */
const measurements = new OneAtATime()
/** More files than this are too much, whatever their size: they fill the file system's table. */
const maxFiles = 5_000_000
const blockBytes = 512

/** Measures directories now and then, and reports once that they hold too much. */
export class WorkspaceWatch {
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined
  readonly #directories: readonly string[]
  readonly #hidden: readonly string[]
  readonly #maxBytes: number
  readonly #log: Pick<Log, 'warn'>
  readonly #onExcess: (maxBytes: number) => void

  /** @param hidden files and directories in these that do not count */
  constructor(
    directories: readonly string[],
    hidden: readonly string[],
    maxBytes: number,
    log: Pick<Log, 'warn'>,
    onExcess: (maxBytes: number) => void,
  ) {
    this.#directories = directories
    this.#hidden = hidden
    this.#maxBytes = maxBytes
    this.#log = log
    this.#onExcess = onExcess
    void this.#measureNext()
  }

  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#timer)
  }

  async #measureNext(): Promise<void> {
    const { signal } = this.#stopped
    const isTooMuch = await measurements.run('measure', () => this.#measure())
    if (signal.aborted) return
    if (isTooMuch) return this.#onExcess(this.#maxBytes)
    this.#timer = setTimeout(() => void this.#measureNext(), pauseMs)
    this.#timer.unref()
  }

  /** Measures once, and leaves time until the next measurement of any watch. */
  async #measure(): Promise<boolean> {
    const { signal } = this.#stopped
    if (signal.aborted) return false
    const startedAt = performance.now()
    const isTooMuch = await exceeds(this.#directories, this.#hidden, this.#maxBytes, signal).catch(error => {
      this.#log.warn({ err: error }, 'workspace measurement failed')
      return false
    })
    if (!isTooMuch) await pause((performance.now() - startedAt) / share, undefined, { ref: false })
    return isTooMuch
  }
}

/** Whether the files in the directories take more than `maxBytes` of the disk. Links are not followed. */
export async function exceeds(
  directories: readonly string[],
  hidden: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  let bytes = 0
  let files = 0
  const left = [...directories]
  const skipped = new Set(hidden.filter(path => !directories.includes(path)))
  for (let directory = left.pop(); directory !== undefined && !signal.aborted; directory = left.pop()) {
    for await (const entry of await open(directory)) {
      if (signal.aborted) break
      const path = join(directory, entry.name)
      if (skipped.has(path)) continue
      if (entry.isDirectory()) left.push(path)
      // It may have been removed meanwhile.
      bytes += await lstat(path).then(
        ({ blocks }) => blocks * blockBytes,
        () => 0,
      )
      files++
      if (bytes > maxBytes || files > maxFiles) return true
    }
  }
  return false
}

/** A directory that is gone, or that the server may not read, has nothing to count. */
async function open(directory: string): Promise<AsyncIterable<{ name: string; isDirectory(): boolean }>> {
  return opendir(directory, { bufferSize: 256 }).catch(() => emptyDirectory())
}

async function* emptyDirectory(): AsyncGenerator<never> {}
