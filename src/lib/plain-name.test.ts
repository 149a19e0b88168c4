import { expect, test } from 'vitest'
import { toPlainName, toPlainText, withPlainFields } from './plain-name.ts'

test.each([
  ['plain', 'plain'],
  ['\x1b[31mred\x1b[0m', 'red'],
  ['\x1b]8;;https://evil.example\x07link\x1b]8;;\x1b\\', 'link'],
  ['\x9b1mbold', 'bold'],
  ['a\u202eexe.txt', 'aexe.txt'],
  ['\u2066x\u2069\u200e\u200f\u061c', 'x'],
  ['a\r\nb\tc\0d\x7f\x85', 'abcd'],
  ['a\u{e0041}\u{e0042}b', 'ab'],
  ['żółć 日本 👩‍💻', 'żółć 日本 👩‍💻'],
])('the name %j is shown as %j', (name, shown) => expect(toPlainName(name)).toBe(shown))

test('texts keep their lines', () => {
  expect(toPlainText('one\r\ntwo\rthree\n\tfour\x1b[2J\x07')).toBe('one\ntwo\nthree\n\tfour')
})

test('of a form only what people read is changed', () => {
  const form = { properties: { a: { title: 'T\x1b[1m', enum: ['v\x07'], enumNames: ['n\x07'] } } }
  expect(withPlainFields(form, new Set(['title', 'enumNames']))).toEqual({
    properties: { a: { title: 'T', enum: ['v\x07'], enumNames: ['n'] } },
  })
})
