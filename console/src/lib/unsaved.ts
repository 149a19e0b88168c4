import { useEffect, useSyncExternalStore } from 'react'

/** Continues what was held back. */
type Proceed = () => void

/** Marks of what is being written and would be lost. */
const marks = new Set<symbol>()
let held: Proceed | null = null
/** The address of the page while something is unsaved, to stay at it. */
let address = ''
/** Whether the next move of the browser's buttons was agreed to. */
let mayMove = false
const listeners = new Set<() => void>()

function hold(next: Proceed | null): void {
  held = next
  for (const tell of listeners) tell()
}

function onUnload(event: BeforeUnloadEvent): void {
  event.preventDefault()
}

/** The buttons of the browser have moved already: the page goes back to where it was, and asks. */
function onMove(event: PopStateEvent): void {
  if (marks.size === 0 || mayMove || location.href === address) {
    mayMove = false
    return
  }
  event.stopImmediatePropagation()
  history.pushState(null, '', address)
  hold(() => {
    mayMove = true
    history.back()
  })
}

/** Has the browser's buttons ask too. To be called before the router listens, which would leave the page at once. */
export function watchMoves(): void {
  window.addEventListener('popstate', onMove, { capture: true })
}

/** Marks that something would be lost. @returns removes the mark */
export function markUnsaved(): () => void {
  const mark = Symbol('unsaved')
  if (marks.size === 0) {
    address = location.href
    window.addEventListener('beforeunload', onUnload)
  }
  marks.add(mark)
  return () => {
    if (!marks.delete(mark) || marks.size > 0) return
    window.removeEventListener('beforeunload', onUnload)
  }
}

/** Does something that loses unsaved text, after a question if there is any. */
export function leaveUnsaved(proceed: Proceed, isUnsaved = marks.size > 0): void {
  if (isUnsaved) hold(proceed)
  else proceed()
}

/** For the router: asks before it leaves a page with something unsaved. */
export function aroundNavigation<Options>(
  navigate: (to: string, options?: Options) => void,
  to: string,
  options?: Options,
): void {
  const isHere = new URL(to, location.href).href === location.href
  leaveUnsaved(() => navigate(to, options), marks.size > 0 && !isHere)
}

/** Has people asked before they lose what they write, while `isUnsaved`. */
export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    return isUnsaved ? markUnsaved() : undefined
  }, [isUnsaved])
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The question that waits for an answer; null: there is none. */
export function useLeaving(): { stay: () => void; leave: () => void } | null {
  const proceed = useSyncExternalStore(subscribe, () => held)
  if (!proceed) return null
  return {
    stay: () => hold(null),
    leave: () => {
      hold(null)
      proceed()
    },
  }
}
