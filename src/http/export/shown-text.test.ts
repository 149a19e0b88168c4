import { describe, expect, test } from 'vitest'
import { shorten, toShownText, toSize } from './shown-text.ts'

describe('what is shown', () => {
  test('has one kind of line end, and control characters that can be seen', () => {
    expect(toShownText('a\r\nb\rc\t\x1b[31m\0 😀 \ud800')).toBe('a\nb\nc\t␛[31m␀ 😀 \ufffd')
  })

  test('is cut where it is too long, never within a character', () => {
    expect(shorten('x'.repeat(20_000)).leftOut).toBeUndefined()
    const cut = shorten(`${'x'.repeat(19_999)}😀${'y'.repeat(1_500)}`)
    expect(cut.text).toBe('x'.repeat(19_999))
    expect(cut.leftOut).toContain('1,502 more characters')
  })

  test('sizes', () => {
    expect([0, 999, 1_000, 12_345, 20_971_520].map(toSize)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '12.3 kB',
      '21.0 MB',
    ])
  })
})
