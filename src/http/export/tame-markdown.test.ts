import { type Node, Parser } from 'commonmark'
import { describe, expect, test } from 'vitest'
import { toQuote } from './markdown-text.ts'
import { tameMarkdown } from './tame-markdown.ts'

const image = '<img src=x onerror=alert(1)>'
const shown = '&lt;img src=x onerror=alert(1)>'

function nodesOf(text: string): Node[] {
  const nodes: Node[] = []
  const walker = new Parser().parse(text).walker()
  for (let step = walker.next(); step; step = walker.next()) if (step.entering) nodes.push(step.node)
  return nodes
}

const htmlOf = (text: string) => nodesOf(text).filter(({ type }) => type.startsWith('html_'))
const codeOf = (text: string) =>
  nodesOf(text).flatMap(({ type, literal }) => (/^code/.test(type) ? [literal ?? ''] : []))

describe('HTML is shown as text', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script>alert(1)&lt;/script>'],
    ['a < b <!-- c --> <?php', 'a < b &lt;!-- c --> &lt;?php'],
    ['\\<b>', '\\&lt;b>'],
    ['`open <b>', '`open &lt;b>'],
    ['a `<b>` <c>', 'a `<b>` &lt;c>'],
    ['``` a`b\n<c>', '``` a`b\n&lt;c>'],
    // Escaped backticks make no code, and an escaped backslash escapes none.
    [`\\\`${image}\\\``, `\\\`${shown}\\\``],
    [`\\\\\`${image}\``, `\\\\\`${image}\``],
    // Code over two lines ends in the second, and one that is not closed ends with its paragraph.
    [`\`a\nb\` ${image} \`c`, `\`a\nb\` ${shown} \`c`],
    [`\`\` ${image}\n\n\`\``, `\`\` ${shown}\n\n\`\``],
    [`\`a\n${image}\``, `\`a\n${shown}\``],
    [`[a]: /b\`\t\n${image} \``, `[a]: /b\`\t\n${shown} \``],
    ['`a\n<div> b`', '`a\n&lt;div> b`'],
    // A fence in a list or a quote ends with it.
    [`- a\n\n  \`\`\`\n${image}`, `- a\n\n  \`\`\`\n${shown}`],
    ['- a\n  ```\n  <b>\n\n<script>', '- a\n  ```\n  <b>\n\n&lt;script>'],
    [`> \`\`\`\n${image}`, `> \`\`\`\n${shown}`],
    [`a\n    \`\`\`\n${image}`, `a\n    \`\`\`\n${shown}`],
    ['<a\nhref=x>', '&lt;a\nhref=x>'],
    // Other texts of the page say whether the inner brackets are a link, and with it the outer ones.
    [`[x [y]](/\`) \`${image}\``, `[x [y]](/\`) \`${shown}\``],
    [`[x][a\`b] \`c\` ${image} \``, `[x][a\`b] \`c\` ${shown} \``],
    // Tables end code with their cells, footnotes hold indented text, and bare addresses end with a space.
    [`| a | b |\n|---|---|\n| \`${image} | \` |`, `| a | b |\n|---|---|\n| \`${shown} | \` |`],
    ['| a | b |\n|---|---|\n| `<b>` | \\| |', '| a | b |\n|---|---|\n| `<b>` | \\| |'],
    [`[^1]: a\n\n    ${image}`, `[^1]: a\n\n    ${shown}`],
    [`[^1]: \`\na \`${image}\\\``, `[^1]: \`\na \`${shown}\\\``],
    [`http://a.b/\`${image} \``, `http://a.b/\`${shown} \``],
  ])('%j', (given, tamed) => {
    expect(tameMarkdown(given)).toBe(tamed)
    expect(htmlOf(tamed)).toEqual([])
  })
})

describe('as it was stays', () => {
  test.each([
    ['1. x\n\n    ```html\n    <div>\n    ```'],
    ['- a\n  - b:\n    ```html\n    <div>\n    ```\n'],
    ['> ```html\n> <div>\n> ```'],
    ['a\n\n    <div>\n\tmore <b>\n'],
    ['```html\n<b>\n```'],
    ['~~~\n<b>\n```\n<c>\n~~~'],
    ['``a ` <b>``'],
    ['See <https://a.b/?c=d> and <e@f.g>, [h](/i "j") and [k][l]: 1 < 2\n\n[l]: <m,n>\n'],
    ['# plain\n\n- text *without* `HTML` & co.\n'],
    ['    indented\n\n> quoted'],
  ])('%j', given => {
    expect(tameMarkdown(given)).toBe(given)
  })
})

describe('what follows is not swallowed', () => {
  test.each([
    ['````\nopen\n```', '````\nopen\n```\n````'],
    ['```\n<b>\n', '```\n<b>\n```'],
    ['```\n<b>\n``` not the end', '```\n<b>\n``` not the end\n```'],
    ['<!--', '&lt;!--'],
    ['<pre>', '&lt;pre>'],
  ])('by %j', (given, tamed) => {
    expect(tameMarkdown(given)).toBe(tamed)
    expect(nodesOf(`${tamed}\n\n## Turn 2`).some(({ type }) => type === 'heading')).toBe(true)
    expect(
      nodesOf(toQuote(`${tameMarkdown(given, 1)}\n\n## Turn 2`)).some(({ type }) => type === 'heading'),
    ).toBe(true)
  })

  test('nor when a list before it would take in its fence', () => {
    const page = ['- a', '  ```\nb', '## Turn 2'].map(text => tameMarkdown(text)).join('\n\n')
    expect(nodesOf(page).some(({ type }) => type === 'heading')).toBe(true)
    expect(codeOf(page)).toEqual(['b\n'])
  })

  test('and a list before it does not take in its code', () => {
    const [before, after] = ['- a', `    ${image}`].map(text => tameMarkdown(text))
    expect(htmlOf(`${before}\n\n${after}`).map(({ literal }) => literal)).toEqual(['<!-- -->'])
    expect(codeOf(`${before}\n\n${after}`)).toEqual([`${image}\n`])
  })
})

test('tabs, which reach less far in a quote, do not bring HTML out of its code', () => {
  const given = `-   a\n\n\t\t${image}`
  expect(tameMarkdown(given)).toBe(given)
  expect(htmlOf(toQuote(given))).not.toEqual([])
  expect(tameMarkdown(given, 1)).toBe(`-   a\n\n\t\t${shown}`)
  expect(htmlOf(toQuote(tameMarkdown(given, 1)))).toEqual([])
  expect(htmlOf(toQuote(toQuote(tameMarkdown(given, 2))))).toEqual([])
})

test.each([
  ['[a](javascript:alert(1))'],
  ['[a](&#106;ava&Tab;script:alert)'],
  ['<javascript:alert(1)>'],
  ['![a](<data:text/html,b>)'],
  // Another text may use it.
  ['[a]: javascript:alert(1)'],
  ['`a\ue000` <b>'],
])('%j is in a fence as a whole', given => {
  expect(tameMarkdown(given)).toBe(`\`\`\`\n${given}\n\`\`\``)
})

test.each([
  [`${'- '.repeat(20_000)}<b>`],
  [`${'>'.repeat(40_000)}<b>`],
  [Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth)}- <b>`).join('\n')],
  ['[a](b'.repeat(10_000)],
  ['<b> `c` '.repeat(7_000)],
])('%# that takes long to read is in a fence as a whole', given => {
  expect(tameMarkdown(given)).toBe(`\`\`\`\n${given}\n\`\`\``)
})

test('many backticks are read in one go', () => {
  const line = Array.from({ length: 20_000 }, (_, index) => '`'.repeat((index % 7) + 1)).join(' ')
  expect(tameMarkdown(`${line.slice(0, 40_000)} <`)).toBe(`${line.slice(0, 40_000)} <`)
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

describe('of texts made at random', () => {
  test.each([0, 1, 2])('none has HTML or swallows what follows, in %i quotes', quotes => {
    for (const text of makeTexts(600, pieces)) {
      const tamed = tameMarkdown(text, quotes)
      let page = `${tameMarkdown('- [b]\n\n[b]: /c', quotes)}\n\n${tamed}\n\n## Turn`
      for (let depth = 0; depth < quotes; depth++) page = toQuote(page)
      expect(
        htmlOf(page).filter(({ literal }) => literal !== '<!-- -->'),
        text,
      ).toEqual([])
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
      expect(codeOf(text).join('')).toMatch(/<[^h]/)
      expect(tameMarkdown(text)).toBe(text)
      const mixed = `${text}\n\n${image}\n\n${text}`
      expect(tameMarkdown(mixed)).toBe(`${text}\n\n${shown}\n\n${text}`)
    }
  })

  test('those without HTML stay as they are, but for what keeps them apart from others', () => {
    for (const text of makeTexts(600, withoutHtml)) {
      const tamed = tameMarkdown(text).replace(/^<!-- -->\n\n/, '')
      expect(tamed.slice(0, text.length), text).toBe(text)
      expect(tamed.slice(text.length), text).toMatch(/^(\n?(`{3,}|~{3,}))?$/)
    }
  })
})
