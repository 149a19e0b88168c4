import { AsyncLocalStorage } from 'node:async_hooks'
import { beforeAll, onTestFinished } from 'vitest'

type End = () => unknown

const shared = new AsyncLocalStorage<End[]>()

/** Has something end with the test that opens it, or with the last of those that share it. */
export function endsLater(end: End): void {
  const ends = shared.getStore()
  if (ends) ends.push(end)
  else
    onTestFinished(async () => {
      await end()
    })
}

/** Whether what is opened now is shared. */
export function isShared(): boolean {
  return shared.getStore() !== undefined
}

/** Opens something once for all tests of the file, or of the `describe` around it; what was opened last ends first. */
export function openOnce<T>(open: () => Promise<T>): () => T {
  let opened: { value: T } | undefined
  beforeAll(async () => {
    const ends: End[] = []
    const close = async () => {
      opened = undefined
      for (const end of ends.reverse()) await end()
    }
    try {
      opened = { value: await shared.run(ends, open) }
    } catch (error) {
      await close()
      throw error
    }
    return close
  })
  return () => {
    if (!opened) throw new Error('to be asked for in a test')
    return opened.value
  }
}
