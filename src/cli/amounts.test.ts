import { expect, test } from 'vitest'
import { parseAge, parseSize } from './amounts.ts'

test.each([
  ['30d', 2_592_000_000],
  ['12h', 43_200_000],
  ['0s', 0],
])('%s is a time', (text, ms) => {
  expect(parseAge(text)).toBe(ms)
})

test.each(['', '30', 'd', '-1d', '1.5h', '30 days', '9999999d'])('%j is not a time', text => {
  expect(() => parseAge(text)).toThrow('a time such as')
})

test.each([
  ['500M', 524_288_000],
  ['2 GiB', 2_147_483_648],
  ['10mb', 10_485_760],
  ['123', 123],
])('%s is a size', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', 'M', '1.5G', '-1', '5X'])('%j is not a size', text => {
  expect(() => parseSize(text)).toThrow('a size such as')
})
