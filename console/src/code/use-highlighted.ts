import { useEffect, useState } from 'react'
import { highlight, peekHighlighted, type Token } from './highlight.ts'

/** Longer code stays plain, in characters. */
const longest = 50_000

/** The tokens of code by line; null: it is plain, or not highlighted yet. */
export function useHighlighted(code: string, language: string | null): readonly (readonly Token[])[] | null {
  const isWanted = language !== null && code.length <= longest
  const known = isWanted ? peekHighlighted(code, language) : null
  const [, setDone] = useState(0)
  useEffect(() => {
    if (!isWanted || peekHighlighted(code, language) !== undefined) return
    let isShown = true
    highlight(code, language).then(() => isShown && setDone(count => count + 1))
    return () => {
      isShown = false
    }
  }, [code, language, isWanted])
  return known ?? null
}
