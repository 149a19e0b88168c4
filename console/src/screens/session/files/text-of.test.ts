import { expect, test } from 'vitest'
import { lineBreakOf, textOf } from './text-of.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

test('bytes are text if they are UTF-8 without NUL; a character may be cut only where bytes follow', () => {
  expect(textOf(bytesOf('\ufeffä\r\n'), false)).toBe('\ufeffä\r\n')
  expect(textOf(bytesOf('a\0b'), false)).toBeNull()
  expect(textOf(Uint8Array.of(0xff, 0xfe), false)).toBeNull()
  const cut = bytesOf('xä').subarray(0, 2)
  expect(textOf(cut, false)).toBeNull()
  expect(textOf(cut, true)).toBe('x')
})

test('a text with one kind of line break keeps it', () => {
  expect(['', 'a\nb', 'a\r\nb\r\n', 'a\r\nb\n', 'a\rb'].map(lineBreakOf)).toEqual([
    '\n',
    '\n',
    '\r\n',
    null,
    null,
  ])
})
