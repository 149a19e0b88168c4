import { useCallback, useSyncExternalStore } from 'react'

const prefix = 'console.'
/** Stays when everything else is forgotten: it tells nothing of a person's work. */
const kept: ReadonlySet<string> = new Set(['theme'])
const listeners = new Set<() => void>()

/** Texts that the browser keeps, if it keeps anything: private windows may refuse. */
class Keep {
  readonly #open: () => Storage
  /** Values that the browser has refused to keep; they last as long as the page. */
  readonly #refused = new Map<string, string | null>()

  constructor(open: () => Storage) {
    this.#open = open
  }

  get(name: string): string | null {
    const value = this.#refused.get(name)
    if (value !== undefined) return value
    try {
      return this.#open().getItem(prefix + name)
    } catch {
      return null
    }
  }

  set(name: string, value: string | null): void {
    try {
      if (value === null) this.#open().removeItem(prefix + name)
      else this.#open().setItem(prefix + name, value)
      this.#refused.delete(name)
    } catch {
      this.#refused.set(name, value)
    }
    for (const tell of listeners) tell()
  }

  /** Forgets all but the theme. */
  clear(): void {
    for (const name of this.#names()) {
      if (!kept.has(name)) this.set(name, null)
    }
  }

  #names(): string[] {
    try {
      const names = Object.keys(this.#open()).filter(name => name.startsWith(prefix))
      return [...names.map(name => name.slice(prefix.length)), ...this.#refused.keys()]
    } catch {
      return [...this.#refused.keys()]
    }
  }
}

/** All tabs of the browser share these texts. */
export const stored = new Keep(() => localStorage)

/** These texts are of one tab, and survive a reload of it. */
export const storedInTab = new Keep(() => sessionStorage)

/** Forgets what a person has left in this browser, but the theme. */
export function forgetStored(): void {
  stored.clear()
  storedInTab.clear()
}

const owner = 'owner'

/** Whether this browser keeps the texts of this person. */
export function keepsFor(person: string): boolean {
  return stored.get(owner) === person
}

/** Forgets what another person has left in this browser. */
export function keepFor(person: string): void {
  if (keepsFor(person)) return
  forgetStored()
  stored.set(owner, person)
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
