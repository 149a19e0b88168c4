import { expect, test } from 'vitest'
import { complete, findToken, splitPath, toMention } from './find-token.ts'

test.each([
  ['/co', 3, { kind: 'command', query: 'co', start: 0, quote: '' }],
  ['/', 1, { kind: 'command', query: '', start: 0, quote: '' }],
  ['a /co', 5, null],
  ['/co mpact', 9, null],
  ['see @src/ap', 11, { kind: 'file', query: 'src/ap', start: 4, quote: '' }],
  ['@', 1, { kind: 'file', query: '', start: 0, quote: '' }],
  ['me@example.com', 14, null],
  ['@a b', 4, null],
  ['@abc', 2, { kind: 'file', query: 'a', start: 0, quote: '' }],
  ['see @"my no', 11, { kind: 'file', query: 'my no', start: 4, quote: '"' }],
  ['see @"my notes/"', 15, { kind: 'file', query: 'my notes/', start: 4, quote: '"' }],
  ['see @"my notes/"', 16, null],
  ["@'a", 3, { kind: 'file', query: 'a', start: 0, quote: "'" }],
  ["@it's", 5, { kind: 'file', query: "it's", start: 0, quote: '' }],
])('the token in %j at %i', (text, caret, token) => {
  expect(findToken(text, caret)).toEqual(token)
})

test('a choice takes the place of its token, and what follows stays', () => {
  const token = findToken('see @sr now', 7)
  if (!token) throw new Error('no token')
  expect(complete('see @sr now', 7, token, toMention('src', true))).toEqual({
    text: 'see @src/ now',
    caret: 9,
  })
})

test('a directory with a space is quoted, and can be continued', () => {
  const token = findToken('@my', 3)
  if (!token) throw new Error('no token')
  const first = complete('@my now', 3, token, toMention('my notes', true))
  expect(first).toEqual({ text: '@"my notes/" now', caret: 11 })
  const next = findToken(first.text, first.caret)
  if (!next) throw new Error('no token')
  const second = complete(first.text, first.caret, next, toMention('my notes/a.md', false))
  expect(second).toEqual({ text: '@"my notes/a.md"  now', caret: 17 })
})

test.each([
  ['src/a.ts', '@src/a.ts '],
  ['.env', '@.env '],
  ['ends with dot.', '@"ends with dot." '],
  ['a(1)', '@"a(1)" '],
  ['Grüße.md', '@Grüße.md '],
  ['"quoted".md', `@'"quoted".md' `],
  ['agent-notes.md', '@./agent-notes.md '],
])('the file %s is mentioned as %s', (path, written) => {
  expect(toMention(path, false)).toEqual({ text: written, after: '' })
})

test.each([
  ['a', '', 'a'],
  ['src/a', 'src', 'a'],
  ['src/', 'src', ''],
  ['/etc', '/', 'etc'],
])('%s is in a directory', (query, directory, name) => {
  expect(splitPath(query)).toEqual({ directory, name })
})
