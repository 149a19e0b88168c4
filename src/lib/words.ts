/** Words as the indexes of searches have them. */
export const wordPattern = /(?:[\p{L}\p{N}\p{Co}]|[\u0300-\u036f])+/gu

/** Words of a text are compared up to here; those of a query are shorter. */
const comparedCharacters = 1_000

/** Words that follow each other, folded. */
export interface Term {
  words: readonly string[]
  /** Whether the last one may be the beginning of a word. */
  isPrefix: boolean
}

export interface TermMatch {
  term: Term
  start: number
  end: number
}

/** Returns a word as it is compared: in lower case, without accents. */
export function fold(word: string): string {
  return word
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
}

/**
 * Finds terms in a text, in the order of their ends, in time proportional to the text.
 *
 * @param reach how far from the first match others may begin, in UTF-16 code units
 */
export function* findTerms(
  text: string,
  terms: readonly Term[],
  reach = Number.POSITIVE_INFINITY,
): Generator<TermMatch, void> {
  const longest = Math.max(...terms.map(({ words }) => words.length))
  const prefixes = terms.filter(({ isPrefix }) => isPrefix)
  const whole = terms.filter(({ isPrefix }) => !isPrefix)
  const byLastWord = Map.groupBy(whole, ({ words }) => words.at(-1) ?? '')
  const recent: Word[] = []
  let last = Number.POSITIVE_INFINITY
  for (const { 0: word, index: start } of text.matchAll(wordPattern)) {
    if (start > last) return
    const folded = foldQuickly(word)
    recent.push({ start, folded })
    if (recent.length > longest) recent.shift()
    const ended = byLastWord.get(folded)
    // Most words end no term: this is the loop that has to be quick.
    if (!ended && !prefixes.some(({ words }) => folded.startsWith(words.at(-1) ?? ''))) continue
    for (const term of [...(ended ?? []), ...prefixes]) {
      const words = recent.slice(-term.words.length)
      if (!isMatch(words, term)) continue
      last = Math.min(last, (words[0]?.start ?? start) + reach)
      yield { term, start: words[0]?.start ?? start, end: start + word.length }
    }
  }
}

/** Whether a text has all terms. */
export function hasAllTerms(text: string, terms: readonly Term[]): boolean {
  const missing = new Set(terms)
  if (missing.size === 0) return true
  for (const { term } of findTerms(text, terms)) {
    missing.delete(term)
    if (missing.size === 0) return true
  }
  return false
}

interface Word {
  start: number
  folded: string
}

function isMatch(words: readonly Word[], term: Term): boolean {
  if (words.length < term.words.length) return false
  return term.words.every((wanted, index) => {
    const folded = words[index]?.folded ?? ''
    const mayContinue = term.isPrefix && index === term.words.length - 1
    return mayContinue ? folded.startsWith(wanted) : folded === wanted
  })
}

/** As `fold`; most words need less. */
function foldQuickly(word: string): string {
  const compared = word.length > comparedCharacters ? word.slice(0, comparedCharacters) : word
  return /^[a-z\d]*$/.test(compared) ? compared : fold(compared)
}
