import type { SearchTerm } from '../ports/index.ts'
import { fold, wordPattern } from './search-terms.ts'

/** UTF-16 code units of a snippet, and of them before its first match. */
const length = 240
const lead = 60

interface Word {
  start: number
  end: number
  folded: string
}

export interface Snippet {
  snippet: string
  matches: { start: number; end: number }[]
}

/** Cuts the part of a text out that has its first match; the beginning, if none is found. */
export function toSnippet(text: string, terms: readonly SearchTerm[]): Snippet {
  const recent: Word[] = []
  const longest = Math.max(...terms.map(({ words }) => words.length))
  const found: { start: number; end: number }[] = []
  for (const match of text.matchAll(wordPattern)) {
    const [first] = found
    if (first && match.index > first.start + length) break
    recent.push({ start: match.index, end: match.index + match[0].length, folded: fold(match[0]) })
    if (recent.length > longest) recent.shift()
    for (const term of terms) {
      const words = recent.slice(-term.words.length)
      if (isMatch(words, term))
        found.push({ start: words[0]?.start ?? 0, end: match.index + match[0].length })
    }
  }
  const merged = merge(found)
  const from = toBoundary(text, Math.max(0, (merged[0]?.start ?? 0) - lead))
  const to = toBoundary(text, Math.min(text.length, Math.max(from + length, merged[0]?.end ?? 0)))
  const before = from > 0 ? '…' : ''
  // Character by character, so that places stay.
  const shown = text
    .slice(from, to)
    .toWellFormed()
    .replace(/[\s\p{Cc}]/gu, ' ')
  return {
    snippet: `${before}${shown}${to < text.length ? '…' : ''}`,
    matches: merged
      .filter(({ end }) => end <= to)
      .map(({ start, end }) => ({ start: start - from + before.length, end: end - from + before.length })),
  }
}

function isMatch(words: readonly Word[], term: SearchTerm): boolean {
  if (words.length < term.words.length) return false
  return term.words.every((wanted, index) => {
    const folded = words[index]?.folded ?? ''
    const mayContinue = term.isPrefix && index === term.words.length - 1
    return mayContinue ? folded.startsWith(wanted) : folded === wanted
  })
}

/** In order, overlapping ones as one. */
function merge(found: { start: number; end: number }[]): { start: number; end: number }[] {
  const merged: { start: number; end: number }[] = []
  for (const match of found.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && match.start < last.end) last.end = Math.max(last.end, match.end)
    else merged.push({ ...match })
  }
  return merged
}

/** Not between the halves of a surrogate pair. */
function toBoundary(text: string, place: number): number {
  return /[\udc00-\udfff]/.test(text[place] ?? '') && /[\ud800-\udbff]/.test(text[place - 1] ?? '')
    ? place - 1
    : place
}
