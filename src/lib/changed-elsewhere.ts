import { setTimeout as pause } from 'node:timers/promises'

/** How often a change is made again. */
const mostAttempts = 20
const longestPauseMs = 50

/** A change that was refused: what it was based on has been changed by another program. */
export class ChangedElsewhere extends Error {
  override readonly name = 'ChangedElsewhere'

  constructor(name: string) {
    super(`${name} were changed by another program at the same time`)
  }
}

/**
 * Makes a change that is based on memory. If another program was faster, `reload` brings the memory up to date, and the
 * change is made again.
 *
 * @throws ChangedElsewhere when others are faster again and again
 */
export async function changeUpToDate<T>(change: () => Promise<T>, reload: () => Promise<void>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await change()
    } catch (error) {
      if (!(error instanceof ChangedElsewhere) || attempts === mostAttempts) throw error
    }
    // At different times, so that one of many comes through.
    await pause(Math.random() * longestPauseMs)
    await reload()
  }
}
