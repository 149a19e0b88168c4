import { expect, it } from 'vitest'
import { findJsonFlaw, toPath } from './json-flaws.ts'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

it.each([[null], [7], ['text with 😀 and \n'], [{ a: [{ b: 'c' }] }], [nested(64)]])(
  'finds nothing wrong with %j',
  value => {
    expect(findJsonFlaw(value, 64)).toBeUndefined()
  },
)

it.each([
  ['a\0', '', 'NUL'],
  ['\ud800', '', 'surrogate'],
  [{ a: [1, { b: '\udc00x' }] }, 'a[1].b', 'surrogate'],
  [{ a: { '\0': 1 } }, 'a.\0', 'NUL'],
  [{ '\ud83d': 1 }, '\ufffd', 'surrogate'],
  [JSON.parse('{"a":{"__proto__":1}}'), 'a.__proto__', 'key'],
  [nested(65), '[0]'.repeat(64), 'deeply'],
])('finds the flaw of %j', (value, path, word) => {
  expect(findJsonFlaw(value, 64)).toEqual({ path, message: expect.stringContaining(word) })
})

it('does not follow nesting without end', () => {
  expect(findJsonFlaw(nested(200_000), 64)).toBeDefined()
})

it('writes paths', () => {
  expect(toPath([])).toBe('')
  expect(toPath(['a', 0, 'b', 1])).toBe('a[0].b[1]')
})
