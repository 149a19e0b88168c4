import { expect, test, vi } from 'vitest'
import { forgetStored, keepFor, stored, storedInTab } from './stored.ts'

/** A storage of a browser: its entries are its own properties. */
function openStorage(): Storage {
  const entries: Record<string, string> = {}
  const methods = {
    getItem: (name: string) => entries[name] ?? null,
    setItem: (name: string, value: string) => void Object.assign(entries, { [name]: value }),
    removeItem: (name: string) => void Reflect.deleteProperty(entries, name),
  }
  return new Proxy(entries, {
    get: (_, name) => methods[name as keyof typeof methods],
  }) as unknown as Storage
}

test('a logout forgets everything but the theme, and so does the login of another person', () => {
  vi.stubGlobal('localStorage', openStorage())
  vi.stubGlobal('sessionStorage', openStorage())
  try {
    localStorage.setItem('of another page', 'x')
    keepFor('one')
    stored.set('theme', 'dark')
    stored.set('draft.1', 'a secret')
    storedInTab.set('newSession.prompt', 'another')
    keepFor('one')
    expect(stored.get('draft.1')).toBe('a secret')
    expect(storedInTab.get('newSession.prompt')).toBe('another')

    keepFor('other')
    expect([stored.get('draft.1'), storedInTab.get('newSession.prompt')]).toEqual([null, null])
    expect(stored.get('theme')).toBe('dark')

    stored.set('draft.2', 'a secret')
    forgetStored()
    expect([stored.get('draft.2'), stored.get('theme')]).toEqual([null, 'dark'])
    expect(localStorage.getItem('of another page')).toBe('x')
  } finally {
    vi.unstubAllGlobals()
  }
})

test('what the browser refuses to keep is forgotten too', () => {
  expect(stored.get('draft.1')).toBeNull()
  stored.set('draft.1', 'a secret')
  expect(stored.get('draft.1')).toBe('a secret')
  forgetStored()
  expect(stored.get('draft.1')).toBeNull()
})
