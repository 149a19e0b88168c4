import { expect, test } from 'vitest'
import { complete, findToken, splitPath } from './find-token.ts'

test.each([
  ['/co', 3, { kind: 'command', query: 'co', start: 0 }],
  ['/', 1, { kind: 'command', query: '', start: 0 }],
  ['a /co', 5, null],
  ['/co mpact', 9, null],
  ['see @src/ap', 11, { kind: 'file', query: 'src/ap', start: 4 }],
  ['@', 1, { kind: 'file', query: '', start: 0 }],
  ['me@example.com', 14, null],
  ['@a b', 4, null],
  ['@abc', 2, { kind: 'file', query: 'a', start: 0 }],
])('the token in %j at %i', (text, caret, token) => {
  expect(findToken(text, caret)).toEqual(token)
})

test('a choice takes the place of its token, and what follows stays', () => {
  const token = findToken('see @sr now', 7)
  if (!token) throw new Error('no token')
  expect(complete('see @sr now', 7, token, '@src/')).toEqual({ text: 'see @src/ now', caret: 9 })
})

test.each([
  ['a', '', 'a'],
  ['src/a', 'src', 'a'],
  ['src/', 'src', ''],
  ['/etc', '/', 'etc'],
])('%s is in a directory', (query, directory, name) => {
  expect(splitPath(query)).toEqual({ directory, name })
})
