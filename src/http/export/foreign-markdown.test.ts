import { type Node, Parser } from 'commonmark'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { describe, expect, test } from 'vitest'
import type { Entry } from './entries.ts'
import { renderMarkdownEntry } from './render-markdown.ts'

const image = '<img src=x onerror=alert(1)>'
const shown = '\\<img src=x onerror=alert(1)>'

/** Where foreign text stands in a page, within so many quotes. */
const places: ((text: string) => Entry)[] = [
  text => ({ kind: 'text', text, ofSubagent: false }),
  text => ({ kind: 'prompt', parts: [{ type: 'text', text }], added: false }),
  text => ({ kind: 'synthetic', text, ofSubagent: true }),
]
const pageOf = (texts: string[], quotes = 0) =>
  texts.map(text => renderMarkdownEntry((places[quotes] as (typeof places)[number])(text))).join('')
const written = (text: string) => pageOf([text]).slice(1, -1)

// Another reader of Markdown than the one that the text was read with.
const parse = (text: string) => new Parser().parse(text)

function nodesOf(text: string): Node[] {
  const nodes: Node[] = []
  const walker = parse(text).walker()
  for (let step = walker.next(); step; step = walker.next()) if (step.entering) nodes.push(step.node)
  return nodes
}

const htmlOf = (text: string) => nodesOf(text).filter(({ type }) => type.startsWith('html_'))
const codeOf = (text: string) =>
  nodesOf(text).flatMap(({ type, literal }) => (/^code/.test(type) ? [literal ?? ''] : []))
const textOf = (text: string) =>
  nodesOf(text).map(({ type, literal }) => (type === 'softbreak' ? '\n' : (literal ?? '')))
const linksOf = (text: string) => nodesOf(text).flatMap(({ destination }) => destination ?? [])

describe('HTML is shown as text', () => {
  test.each([
    ['<script>alert(1)</script>', '\\<script>alert(1)\\</script>'],
    ['a < b <!-- c --> <?php', 'a < b \\<!-- c --> \\<?php'],
    ['\\<b>', '\\<b>'],
    ['`open <b>', '\\`open \\<b>'],
    ['a `<b>` <c>', 'a `<b>` \\<c>'],
    ['``` a`b\n<c>', '\\`\\`\\` a\\`b\n\\<c>'],
    // Escaped backticks make no code, and an escaped backslash escapes none.
    [`\\\`${image}\\\``, `\\\`${shown}\\\``],
    [`\\\\\`${image}\``, `\\\\\`${image}\``],
    // Code over two lines ends in the second, and one that is not closed ends with its paragraph.
    [`\`a\nb\` ${image} \`c`, `\`a b\` ${shown} \\\`c`],
    [`\`\` ${image}\n\n\`\``, `\\\`\\\` ${shown}\n\n\\\`\\\``],
    [`\`a\n${image}\``, `\`a ${image}\``],
    [`[a]: /b\`\t\n${image} \``, `[a]: /b\`\n\n${shown} \\\``],
    ['`a\n<div> b`', '\\`a\n\n\\<div> b\\`'],
    // A fence in a list or a quote ends with it.
    [`- a\n\n  \`\`\`\n${image}`, `- a\n\n  \`\`\`\n  \`\`\`\n\n${shown}`],
    ['- a\n  ```\n  <b>\n\n<script>', '- a\n  ```\n  <b>\n  ```\n\n\\<script>'],
    [`> \`\`\`\n${image}`, `> \`\`\`\n> \`\`\`\n\n${shown}`],
    [`a\n    \`\`\`\n${image}`, `a\n\\\`\\\`\\\`\n${shown}`],
    ['<a\nhref=x>', '\\<a\nhref=x>'],
    // Brackets within brackets, and references to what is not defined.
    [`[x [y]](/\`) \`${image}\``, `[x \\[y\\]](/\`) \`${image}\``],
    [`[x][a\`b] \`c\` ${image} \``, `\\[x]\\[a\`b] \`c\`${image}\``],
    // Tables end code with their cells, footnotes hold indented text, and bare addresses end with a space.
    [`| a | b |\n|---|---|\n| \`${image} | \` |`, `| a | b |\n| - | - |\n| \\\`${shown} | \\\` |`],
    ['| a | b |\n|---|---|\n| `<b>` | \\| |', '| a | b |\n| - | - |\n| `<b>` | \\| |'],
    [`[^1]: a\n\n    ${image}`, `[^1]: a\n\n    ${shown}`],
    [`[^1]: \`\na \`${image}\\\``, `[^1]: \`a\`${shown}\\\``],
    [`http://a.b/\`${image} \``, `<http://a.b/>\`${image} \``],
  ])('%j', (given, expected) => {
    expect(written(given)).toBe(expected)
    expect(htmlOf(expected)).toEqual([])
  })
})

describe('code, links and lists stay', () => {
  test.each([
    ['1. x\n\n    ```html\n    <div>\n    ```', '1. x\n\n   ```html\n   <div>\n   ```'],
    ['- a\n  - b:\n    ```html\n    <div>\n    ```\n', '- a\n  - b:\n    ```html\n    <div>\n    ```'],
    ['> ```html\n> <div>\n> ```', '> ```html\n> <div>\n> ```'],
    ['a\n\n    <div>\n\tmore <b>\n', 'a\n\n```\n<div>\nmore <b>\n```'],
    ['```html\n<b>\n```', '```html\n<b>\n```'],
    ['~~~\n<b>\n```\n<c>\n~~~', '````\n<b>\n```\n<c>\n````'],
    ['``a ` <b>``', '``a ` <b>``'],
    [
      'See <https://a.b/?c=d> and <e@f.g>, [h](/i "j") and [k][l]: 1 < 2\n\n[l]: <m,n>\n',
      'See <https://a.b/?c=d> and <e@f.g>, [h](/i "j") and [k][l]: 1 < 2\n\n[l]: m,n',
    ],
    ['see http://a.b/c_d and a@b.c [1]', 'see <http://a.b/c_d> and <a@b.c> \\[1]'],
    ['# plain\n\n- text *without* `HTML` & co.\n', '# plain\n\n- text *without* `HTML` & co.'],
    ['    indented\n\n> quoted', '    indented\n\n> quoted'],
  ])('%j', (given, expected) => {
    expect(written(given).trimEnd()).toBe(expected)
    expect(codeOf(expected)).toEqual(codeOf(given))
  })
})

describe('what follows is not swallowed', () => {
  test.each([
    ['````\nopen\n```', '````\nopen\n```\n````'],
    ['```\n<b>\n', '```\n<b>\n```'],
    ['```\n<b>\n``` not the end', '````\n<b>\n``` not the end\n````'],
    ['<!--', '\\<!--'],
    ['<pre>', '\\<pre>'],
  ])('by %j', (given, expected) => {
    expect(written(given)).toBe(expected)
    for (const quotes of [0, 1, 2]) {
      const page = `${pageOf([given], quotes)}\n## Turn 2`
      expect(nodesOf(page).findLast(({ type }) => type === 'heading')?.firstChild?.literal).toBe('Turn 2')
    }
  })

  test('nor when a list before it would take in its fence', () => {
    const page = `${pageOf(['- a', '  ```\nb'])}\n## Turn 2`
    expect(nodesOf(page).some(({ type }) => type === 'heading')).toBe(true)
    expect(codeOf(page)).toEqual(['b\n'])
  })

  test('and a list before it does not take in its code', () => {
    const page = pageOf(['- a', `    ${image}`])
    expect(htmlOf(page)).toEqual([])
    expect(codeOf(page)).toEqual([`${image}\n`])
  })
})

test('tabs, which reach less far in a quote, do not bring HTML out of its code', () => {
  const given = `-   a\n\n\t\t${image}`
  expect(written(given)).toBe(`- a\n\n  \`\`\`\n  ${image}\n  \`\`\``)
  for (const quotes of [0, 1, 2]) {
    expect(htmlOf(pageOf([given], quotes))).toEqual([])
    expect(codeOf(pageOf([given], quotes)).join('')).toContain(image)
  }
})

test.each([
  ['[a](javascript:alert(1))', '\\[a]\\(javascript:alert(1))'],
  ['[a](&#106;ava&Tab;script:alert)', '\\[a]\\(\\&#106;ava\\&Tab;script:alert)'],
  ['<javascript:alert(1)>', '\\<javascript:alert(1)>'],
  ['![a](<data:text/html,b>)', '!\\[a]\\(\\<data:text/html,b>)'],
  // Another text may use it.
  ['[a]: javascript:alert(1)', '\\[a]: javascript:alert(1)'],
])('the link %j is shown as text', (given, expected) => {
  expect(written(given)).toBe(expected)
  const page = pageOf([given, '[a] and [b][a]'])
  expect(linksOf(page)).toEqual([])
  expect(textOf(page).join('')).toBe(`${given}[a] and [b][a]`)
})

test.each([
  [`${'- '.repeat(9_000)}<b>`],
  [`${'>'.repeat(9_000)}<b>`],
  [Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth)}- <b>`).join('\n')],
  ['[a](b'.repeat(3_000)],
  ['<b> `c` '.repeat(2_400)],
  [`${'*a **a '.repeat(2_000)}<b>`],
  ['a ['.repeat(6_800)],
])('%# that takes long to read is in a fence as a whole', given => {
  expect(written(given)).toBe(`\`\`\`\n${given}\n\`\`\``)
})

test('an answer of usual length is read', () => {
  const paragraph = 'Some **text** with `code`, <b> and [a link](/to/it), as long as people write.\n\n'
  const given = paragraph.repeat(90)
  expect(htmlOf(written(given))).toEqual([])
  expect(linksOf(written(given))).toHaveLength(90)
})

test.each(['note', 'ending'] as const)('a %s that takes long to escape is shown as code', kind => {
  const text = `${'*'.repeat(100_000)}<b>\n`
  expect(codeOf(renderMarkdownEntry({ kind, text }))).toEqual([text.trim()])
})

// biome-ignore format: a list of words
const pieces = [
  '`', '`', '``', '```', '~~~', '\n', '\n', '\n\n', '\n\n', ' ', '    ', '  ', '\t', '- ', '1. ', '> ', '# ', '\\', 'a', 'b c',
  '<b>', '</b>', '<div>', '<!-- x -->', image, '<script>', '<br/>', '<a\nb>', '<https://a.b>', '[a](', ')', '[b]', ']', '"', '[a]: /u',
]
const withoutHtml = pieces.filter(piece => !/<(?!h)/.test(piece))

/** Mulberry32. */
function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function* makeTexts(count: number, words: string[]): Generator<string> {
  const numbers = randomNumbers(count)
  const below = (limit: number) => Math.floor(numbers.next().value * limit)
  for (let made = 0; made < count; made++)
    yield Array.from({ length: 2 + below(24) }, () => words[below(words.length)]).join('')
}

function valuesOf(node: Nodes): string[] {
  if ('value' in node) return [node.value]
  return 'children' in node ? node.children.flatMap(valuesOf) : []
}

describe('of texts made at random', () => {
  test.each([0, 1, 2])('none has HTML or swallows what follows, in %i quotes', quotes => {
    for (const text of makeTexts(600, pieces)) {
      const page = `${pageOf(['- [b]\n\n[b]: /c', text], quotes)}\n## Turn`
      expect(htmlOf(page), text).toEqual([])
      const last = nodesOf(page).findLast(({ type }) => type === 'heading')
      expect(last?.firstChild?.literal, text).toBe('Turn')
    }
  })

  test('code stays as it is, in whatever lists and quotes', () => {
    const numbers = randomNumbers(7)
    const one = <T>(of: readonly T[]) => of[Math.floor(numbers.next().value * of.length)] as T
    const codes = [
      '```html\n<div>\n  <b>\n\n\t</div>\n```',
      '~~~~\n```\n<!-- x -->\n~~~~',
      'a\n\n    <script>',
      'a `<b>` and ``<i> ` <u>``',
      '# `</h>`\n\n`<?x`',
    ]
    for (let made = 0; made < 400; made++) {
      let text = one(codes)
      for (let depth = one([0, 1, 2, 3, 4]); depth > 0; depth--) {
        const marker = one(['> ', '- ', '1. ', '10) ', '*   '])
        const indent = marker === '> ' ? marker : ' '.repeat(marker.length)
        text = `${marker}${text.replaceAll('\n', `\n${indent}`)}\n${indent.trimEnd()}\n${indent}${one(codes).replaceAll('\n', `\n${indent}`)}`
      }
      const code = codeOf(text)
      expect(code.join('')).toMatch(/<[^h]/)
      expect(codeOf(written(text)), text).toEqual(code)
      const mixed = written(`${text}\n\n${image}\n\n${text}`)
      expect(codeOf(mixed), text).toEqual([...code, ...code])
      expect(mixed).toContain(`\n\n${shown}\n\n`)
    }
  })

  test('those without HTML read as they did', () => {
    const read = (text: string) => {
      const root = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
      return valuesOf(root).join('').replace(/\s+/g, '')
    }
    for (const text of makeTexts(600, withoutHtml)) expect(read(written(text)), text).toBe(read(text))
  })
})
