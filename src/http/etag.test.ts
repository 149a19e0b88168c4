import { expect, test } from 'vitest'
import { parseTags } from './etag.ts'

test.each([
  [undefined, undefined, undefined],
  ['*', '*', '*'],
  ['"a"', ['a'], ['a']],
  ['W/"a"', ['a'], []],
  ['"a" , W/"b","c,d"', ['a', 'b', 'c,d'], ['a', 'c,d']],
  ['a', [], []],
  ['', [], []],
])('%s', (header, whenWeakCount, whenStrong) => {
  expect(parseTags(header, 'weak count')).toEqual(whenWeakCount)
  expect(parseTags(header, 'only strong')).toEqual(whenStrong)
})
