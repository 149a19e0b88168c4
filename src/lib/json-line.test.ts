import { describe, expect, it } from 'vitest'
import { escapeLineEnds, toJsonLine } from './json-line.ts'

/** Every character at which Python, JavaScript or the Unicode standard ends a line. */
const everyLineEnd = '\n\u000b\f\r\u001c\u001d\u001e\u0085\u2028\u2029'
const hasLineEnd = (text: string) => [...everyLineEnd].some(character => text.includes(character))

describe('a JSON line', () => {
  it.each([...everyLineEnd])('holds no raw %j, in values and in names', character => {
    const value = { text: `a${character}b`, [`k${character}`]: [character] }
    const line = toJsonLine(value)
    expect(hasLineEnd(line)).toBe(false)
    expect(JSON.parse(line)).toEqual(value)
  })

  it('keeps what is escaped already, lone surrogates and other scripts', () => {
    const value = { text: '\\u2028 \u2028 \ud800 日本 😀' }
    expect(JSON.parse(toJsonLine(value))).toEqual(value)
    expect(escapeLineEnds('{"a":"日本"}')).toBe('{"a":"日本"}')
  })
})
