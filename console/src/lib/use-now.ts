import { useSyncExternalStore } from 'react'

const periodMs = 15_000
/** A time that is older than this is renewed when something new is shown. */
const staleMs = 1_000
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function renew(): void {
  now = Date.now()
  for (const tell of listeners) tell()
}

/** The clock of the page. It stands still without listeners. */
export const clock = {
  get: (): number => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    timer ??= setInterval(renew, periodMs)
    // The new listener may show a time that is newer than the last tick.
    if (Math.abs(Date.now() - now) >= staleMs) renew()
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
  },
}

/** The time in milliseconds, renewed four times a minute by one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(clock.subscribe, clock.get)
}
