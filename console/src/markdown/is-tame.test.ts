import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isTame } from './is-tame.ts'

const root = join(import.meta.dirname, '../../..')
const wide = (columns: number, rows: number) =>
  [`${'|a'.repeat(columns)}|`, `${'|-'.repeat(columns)}|`, ...Array.from({ length: rows }, () => '|')].join(
    '\n',
  )

test.each([
  ['a table of wide columns and empty rows', wide(700, 700)],
  ['the same within a quote', wide(700, 700).replace(/^/gm, '> ')],
  ['many tables', Array.from({ length: 100 }, () => wide(20, 20)).join('\n\n')],
  ['emphasis that nothing closes', '*a_ '.repeat(15_000)],
  ['bold', '**a'.repeat(20_000)],
  ['struck out', '~~a'.repeat(20_000)],
  ['links', '[a]('.repeat(15_000)],
  ['names of links', '['.repeat(1_000)],
  ['notes', '[^a'.repeat(20_000)],
  ['quotes within each other', Array.from({ length: 300 }, (_, depth) => '> '.repeat(depth)).join('\n')],
])('%s is too much for a parser', (_, text) => {
  expect(isTame(text)).toBe(false)
})

test.each([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/performance.md',
  'docs/configuration.md',
])('what people write is not: %s', name => {
  expect(isTame(readFileSync(join(root, name), 'utf8').slice(0, 60_000))).toBe(true)
})

test('nor are long tables, lists of links and a nested discussion', () => {
  expect(isTame(wide(8, 500))).toBe(true)
  expect(
    isTame(Array.from({ length: 1_000 }, (_, n) => `- [link ${n}](https://example.com/${n})`).join('\n')),
  ).toBe(true)
  expect(isTame('> > > a\n> > b\n> c')).toBe(true)
})
