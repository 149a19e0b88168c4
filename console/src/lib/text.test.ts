import { expect, test } from 'vitest'
import { cutText } from './cut-text.ts'
import { countOf } from './format.ts'
import { revealText } from './revealed-text.ts'

test('hidden characters become visible, and text in other scripts stays as it is', () => {
  expect(revealText('rm \u202e/tmp\u2066 a\u200bb\u0007')).toBe('rm ⟨U+202E⟩/tmp⟨U+2066⟩ a⟨U+200B⟩b⟨U+0007⟩')
  expect(revealText('\u{e0041}x')).toBe('⟨U+E0041⟩x')
  expect(revealText('a\tb\r\nc\rd')).toBe('a\tb\nc⟨U+000D⟩d')
  expect(revealText('שלום 你好 é 👩‍💻 👩🏽‍🚒 ❤️‍🔥 ☕️')).toBe('שלום 你好 é 👩‍💻 👩🏽‍🚒 ❤️‍🔥 ☕️')
})

test.each([
  0x34f, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180f, 0x200d, 0x2800, 0x3164, 0xfe00, 0xfe0f, 0xffa0, 0x1bca0,
  0x1d173, 0xe0100, 0xe01ef,
])('%i between letters is seen', point => {
  const code = point.toString(16).toUpperCase().padStart(4, '0')
  expect(revealText(`a${String.fromCodePoint(point)}b`)).toBe(`a⟨U+${code}⟩b`)
})

test('a text is cut at a line if one ends near, and never within a character', () => {
  const bound = { characters: 10, lines: 3 }
  expect(cutText('short', bound)).toBe('short')
  expect(cutText('1\n2\n3\n4\n5', bound)).toBe('1\n2\n3')
  expect(cutText('123456\n89012345', bound)).toBe('123456')
  expect(cutText('12345678901234', bound)).toBe('1234567890')
  expect(cutText('123456789👩x', bound)).toBe('123456789')
  expect(cutText('x'.repeat(5_000_000), bound)).toHaveLength(10)
})

test('a count agrees with its noun', () => {
  expect([0, 1, 2].map(count => countOf(count, 'turn'))).toEqual(['0 turns', '1 turn', '2 turns'])
  expect(countOf(12_345, 'reply', 'replies')).toBe('12.3K replies')
})
