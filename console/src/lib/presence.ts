/** So long a page may be out of sight, in milliseconds, before it counts as left: a glance at another tab is short. */
const absentMs = 10_000

const listeners = new Set<() => void>()
let isPresent = true
let timer: ReturnType<typeof setTimeout> | undefined

function set(present: boolean): void {
  clearTimeout(timer)
  if (present === isPresent) return
  isPresent = present
  for (const tell of listeners) tell()
}

function look(): void {
  clearTimeout(timer)
  if (document.visibilityState === 'visible') set(true)
  else timer = setTimeout(() => set(false), absentMs)
}

if (typeof document !== 'undefined') {
  document.addEventListener('visibilitychange', look)
  // A page that is kept for the way back keeps its connections, too.
  window.addEventListener('pagehide', () => set(false))
  window.addEventListener('pageshow', look)
  look()
}

/** Resolves when the page is seen, or the signal fires. */
function untilPresent(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (isPresent || signal.aborted) return resolve()
    const settle = () => {
      listeners.delete(settle)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    listeners.add(settle)
    signal.addEventListener('abort', settle)
  })
}

/**
 * Works while the page can be seen, from the beginning each time it is seen again, until the work ends by itself. A
 * browser has six connections to a server that speaks HTTP/1.1, for all of its tabs: hidden pages must not hold them.
 *
 * @param work its signal fires when the page was left
 * @throws what the work throws, unless it was interrupted
 */
export async function whilePresent(
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await untilPresent(signal)
    const leaving = new AbortController()
    const onChange = () => leaving.abort()
    listeners.add(onChange)
    try {
      await work(AbortSignal.any([signal, leaving.signal]))
      return
    } catch (error) {
      if (!leaving.signal.aborted) throw error
    } finally {
      listeners.delete(onChange)
    }
  }
}

/** Does something again and again while the page is hidden. @returns ends it */
export function repeatWhileAbsent(work: () => void, everyMs: number): () => void {
  const interval = setInterval(() => {
    if (!isPresent) work()
  }, everyMs)
  return () => clearInterval(interval)
}
