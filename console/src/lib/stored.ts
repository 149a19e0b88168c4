import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
/** Values that the browser has refused to keep; they last as long as the page. */
const refused = new Map<string, string | null>()

/** A text that this browser keeps, if it keeps anything: private windows may refuse. */
export const stored = {
  get(name: string): string | null {
    const value = refused.get(name)
    if (value !== undefined) return value
    try {
      return localStorage.getItem(`console.${name}`)
    } catch {
      return null
    }
  },
  set(name: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`console.${name}`)
      else localStorage.setItem(`console.${name}`, value)
      refused.delete(name)
    } catch {
      refused.set(name, value)
    }
    for (const tell of listeners) tell()
  },
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** A kept text as state; other tabs see changes. */
export function useStored(name: string): [string | null, (value: string | null) => void] {
  const value = useSyncExternalStore(subscribe, () => stored.get(name))
  const set = useCallback((next: string | null) => stored.set(name, next), [name])
  return [value, set]
}
