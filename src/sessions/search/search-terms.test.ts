import { describe, expect, test } from 'vitest'
import { readTerms } from './search-terms.ts'
import { toSnippet } from './snippet.ts'

describe('queries', () => {
  test.each([
    ['fox', [{ words: ['fox'], isPrefix: true }]],
    ['fox ', [{ words: ['fox'], isPrefix: false }]],
    ['f', [{ words: ['f'], isPrefix: false }]],
    [
      'Quick "Brown FOX"',
      [
        { words: ['quick'], isPrefix: false },
        { words: ['brown', 'fox'], isPrefix: false },
      ],
    ],
    [
      'a.b "open',
      [
        { words: ['a', 'b'], isPrefix: false },
        { words: ['open'], isPrefix: false },
      ],
    ],
    ['fox!', [{ words: ['fox'], isPrefix: false }]],
    ['Café', [{ words: ['cafe'], isPrefix: true }]],
    ['! fox ?', [{ words: ['fox'], isPrefix: false }]],
  ])('%s', (q, terms) => expect(readTerms(q)).toEqual(terms))

  test.each(['', ' ', '!', '""', '"', '🙂', '\u0301', '* -- ()'])('%j has no word', q => {
    expect(() => readTerms(q)).toThrow('q: must have a letter or a digit')
  })

  test('has at most 16 words', () => {
    expect(readTerms('a '.repeat(16))).toHaveLength(16)
    expect(() => readTerms('a-'.repeat(17))).toThrow('q: must have at most 16 words')
  })
})

describe('snippets', () => {
  const cut = (text: string, q: string) => {
    const { snippet, matches } = toSnippet(text, readTerms(q))
    return { snippet, found: matches.map(({ start, end }) => snippet.slice(start, end)) }
  }

  test('show a short text whole, on one line', () => {
    expect(cut('The quick\nbrown\tfox', 'fox "quick brown"')).toEqual({
      snippet: 'The quick brown fox',
      found: ['quick\nbrown'.replace('\n', ' '), 'fox'],
    })
  })

  test('show the first match of a long text, and where it stands', () => {
    const { snippet, found } = cut(`${'before '.repeat(500)}Fóx ${'after '.repeat(500)}fox`, 'fox')
    expect(found).toEqual(['Fóx'])
    expect(snippet).toMatch(/^….*….*$|^….*…$/)
    expect(snippet.length).toBeLessThan(245)
  })

  test('have a bounded length, also where a match is longer', () => {
    const word = cut(`begin ${'w'.repeat(60_000)} end`, 'ww')
    expect(word.snippet.length).toBeLessThan(245)
    expect(word.found).toEqual(['w'.repeat(234)])
    const apart = cut(`one${' '.repeat(60_000)}two`, '"one two"')
    expect(apart.snippet.length).toBeLessThan(245)
    expect(apart.found).toEqual([`one${' '.repeat(237)}`])
  })

  test('mark all words of the query in their part of a text', () => {
    const { found } = cut(
      `${'x '.repeat(30_000)} alpha Bravo, alphabet "charlie delta" alp`,
      'bravo "charlie delta" alp',
    )
    expect(found).toEqual(['alpha', 'Bravo', 'alphabet', 'charlie delta', 'alp'])
  })

  test('cut no character in half', () => {
    for (let lead = 55; lead < 65; lead++) {
      const { snippet } = cut(`${'🙂'.repeat(200)}${' '.repeat(lead % 2)}fox ${'🙂'.repeat(200)}`, 'fox')
      expect(snippet.isWellFormed()).toBe(true)
      expect(snippet).not.toContain('\ufffd')
    }
  })

  test('have no match where the text has none', () => {
    expect(cut('nothing here', 'fox')).toEqual({ snippet: 'nothing here', found: [] })
    expect(cut('', 'fox')).toEqual({ snippet: '', found: [] })
  })

  test('mark the beginning of a word as it was typed by the whole word', () => {
    expect(cut('checkouts and checks', 'check').found).toEqual(['checkouts', 'checks'])
  })
})
