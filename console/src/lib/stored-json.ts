import { useMemo } from 'react'
import { stored, useStored } from './stored.ts'

function parse<T>(text: string | null, isRight: (value: unknown) => value is T, otherwise: T): T {
  if (text === null) return otherwise
  try {
    const value: unknown = JSON.parse(text)
    return isRight(value) ? value : otherwise
  } catch {
    // Another version of the page may have written something else.
    return otherwise
  }
}

/**
 * A kept value as state.
 *
 * @param isRight whether a value has the form that this version of the page writes
 * @param otherwise has to be the same object in each call
 */
export function useStoredJson<T>(
  name: string,
  isRight: (value: unknown) => value is T,
  otherwise: T,
): [T, (change: (before: T) => T | null) => void] {
  const [text] = useStored(name)
  const value = useMemo(() => parse(text, isRight, otherwise), [text, isRight, otherwise])
  const set = (change: (before: T) => T | null) => {
    const next = change(parse(stored.get(name), isRight, otherwise))
    stored.set(name, next === null ? null : JSON.stringify(next))
  }
  return [value, set]
}
