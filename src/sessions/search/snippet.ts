import { findTerms } from '../../lib/words.ts'
import type { SearchTerm } from '../ports/index.ts'

/** UTF-16 code units of a snippet, and of them before its first match. */
const length = 240
const lead = 60

export interface Snippet {
  snippet: string
  matches: { start: number; end: number }[]
}

/**
 * Cuts the part of a text out that has its first match; the beginning, if none is found. Takes time in proportion to
 * the text before the match.
 */
export function toSnippet(text: string, terms: readonly SearchTerm[]): Snippet {
  const merged = merge([...findTerms(text, terms, length)])
  const from = toBoundary(text, Math.max(0, (merged[0]?.start ?? 0) - lead))
  const to = toBoundary(text, Math.min(text.length, from + length))
  const before = from > 0 ? '…' : ''
  // Character by character, so that places stay.
  const shown = text
    .slice(from, to)
    .toWellFormed()
    .replace(/[\s\p{Cc}]/gu, ' ')
  return {
    snippet: `${before}${shown}${to < text.length ? '…' : ''}`,
    matches: merged
      // A first match that is longer than a snippet is cut with it.
      .filter(({ end }, index) => index === 0 || end <= to)
      .map(({ start, end }) => ({
        start: start - from + before.length,
        end: Math.min(end, to) - from + before.length,
      })),
  }
}

/** In order, overlapping ones as one. */
function merge(found: { start: number; end: number }[]): { start: number; end: number }[] {
  const merged: { start: number; end: number }[] = []
  for (const match of found.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && match.start < last.end) last.end = Math.max(last.end, match.end)
    else merged.push({ start: match.start, end: match.end })
  }
  return merged
}

/** Not between the halves of a surrogate pair. */
function toBoundary(text: string, place: number): number {
  return /[\udc00-\udfff]/.test(text[place] ?? '') && /[\ud800-\udbff]/.test(text[place - 1] ?? '')
    ? place - 1
    : place
}
