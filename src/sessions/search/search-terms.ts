import { invalidField } from '../../contract/errors.ts'
import { fold, wordPattern } from '../../lib/words.ts'
import type { SearchTerm } from '../ports/index.ts'

const maxWords = 16
/** The beginning of a word has so many characters at least; shorter ones would match half of all texts. */
const minPrefix = 2
/**
 * Reads a query: words, and phrases in double quotes. Nothing else in it has a meaning.
 * @throws ServiceError INVALID_REQUEST that names `q`
 */
export function readTerms(q: string): SearchTerm[] {
  const parts = q.split('"')
  const terms = parts.flatMap((part, index): SearchTerm[] => {
    const isPhrase = index % 2 === 1
    const chunks = isPhrase ? [part] : part.split(/\s+/)
    return chunks.map((chunk, place) => {
      // It may still be being typed.
      const isLast = index === parts.length - 1 && place === chunks.length - 1
      const words = (chunk.match(wordPattern) ?? []).map(fold).filter(word => word !== '')
      const isPrefix =
        isLast && !isPhrase && (words.at(-1)?.length ?? 0) >= minPrefix && /[\p{L}\p{N}]$/u.test(chunk)
      return { words, isPrefix }
    })
  })
  const found = terms.filter(({ words }) => words.length > 0)
  if (found.length === 0) throw invalidField('q', 'must have a letter or a digit')
  if (found.reduce((sum, { words }) => sum + words.length, 0) > maxWords)
    throw invalidField('q', `must have at most ${maxWords} words`)
  return found
}
