import { expect, test } from 'vitest'
import { parseByteRange } from './byte-range.ts'

test.each([
  ['bytes=0-0', { start: 0, length: 1 }],
  ['bytes=2-4', { start: 2, length: 3 }],
  ['Bytes = 2-4', 'whole'],
  ['BYTES=2-4', { start: 2, length: 3 }],
  ['bytes=2-', { start: 2, length: 8 }],
  ['bytes=2-99', { start: 2, length: 8 }],
  ['bytes=-3', { start: 7, length: 3 }],
  ['bytes=-99', { start: 0, length: 10 }],
  ['bytes=-0', 'none'],
  ['bytes=10-', 'none'],
  ['bytes=10-20', 'none'],
  ['bytes=4-2', 'whole'],
  ['bytes=0-1,3-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=a-b', 'whole'],
  ['lines=0-1', 'whole'],
  ['', 'whole'],
  [`bytes=${' '.repeat(16_000)}x`, 'whole'],
  ['bytes=9999999999999999-', 'whole'],
])('%s of ten bytes', (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected)
})

test('nothing is in an empty file', () => {
  expect(parseByteRange('bytes=0-', 0)).toBe('none')
  expect(parseByteRange('bytes=-1', 0)).toBe('none')
})
