import { expect, test } from 'vitest'
import { foldReturns, readAnsi } from './ansi.ts'
import { findLanguage, languageOfPath } from './languages.ts'

const plain = { color: null, bold: false, underline: false }

test('terminal output keeps its colours and loses what a terminal would obey', () => {
  expect(readAnsi('a\u001b[1;31mb\u001b[0mc')).toEqual([
    { ...plain, text: 'a' },
    { ...plain, text: 'b', color: 'red', bold: true },
    { ...plain, text: 'c' },
  ])
  const obeyed =
    '\u001b[2J\u001b[Hx\u001b]0;title\u0007\u001b]8;;http://evil\u001b\\link\u001b[38;2;1;2;3my\u001b(B'
  expect(readAnsi(obeyed).map(({ text }) => text)).toEqual(['x', 'link', 'y'])
  expect(
    readAnsi('\u001b]0;never ended')
      .map(({ text }) => text)
      .join(''),
  ).toContain('never ended')
})

test('a line that was written over is shown as it was at last', () => {
  expect(foldReturns('10 %\r50 %\r100 %\nend\r\n')).toBe('100 %\nend\n')
})

test('names and paths lead to languages, and odd ones to none', () => {
  expect(findLanguage('TS')).toBe('typescript')
  expect(findLanguage('constructor')).toBeNull()
  expect(findLanguage('__proto__')).toBeNull()
  expect(languageOfPath('/a/Dockerfile')).toBe('dockerfile')
  expect(languageOfPath('src/x.d.mts')).toBe('typescript')
  expect(languageOfPath('LICENSE')).toBeNull()
})
