import { setTimeout as wait } from 'node:timers/promises'

/** Looks again and again; @throws when it does not hold in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  boundMs = 30_000,
): Promise<void> {
  const end = performance.now() + boundMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${boundMs} ms in vain: ${what}`)
    await wait(50)
  }
}

/** Works through the items, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of left) await work(item)
    }),
  )
}
