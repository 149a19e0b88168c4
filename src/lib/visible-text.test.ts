import { expect, test } from 'vitest'
import { isVisible } from './visible-text.ts'

const ranges = [
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xe0100, 0xe01ef],
  [0xe0000, 0xe007f],
  [0x3164, 0x3164],
  [0x115f, 0x1160],
  [0xffa0, 0xffa0],
  [0x2800, 0x2800],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x00ad, 0x00ad],
  [0xfeff, 0xfeff],
  [0x0000, 0x0020],
  [0x007f, 0x00a0],
  [0x3000, 0x3000],
] as const

test('no character that shows nothing is visible, also with others of the kind', () => {
  const all = ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
  )
  expect(all.filter(isVisible)).toEqual([])
  expect(isVisible(all.join(''))).toBe(false)
  expect(isVisible('')).toBe(false)
})

test.each(['a', '\u200ba', '🙂', '👨\u200d👩', '\u0301', '−', '数', '.', '\ufffd', '\u{1f3f4}\u{e0067}'])(
  '%j is visible',
  text => {
    expect(isVisible(text)).toBe(true)
  },
)
