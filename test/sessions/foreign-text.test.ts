import { expect, test } from 'vitest'
import { isQuicklyRead } from '../../src/http/export/foreign-markdown.ts'
import { renderMarkdownEntry } from '../../src/http/export/render-markdown.ts'
import { parseFrontMatter } from '../../src/lib/front-matter.ts'
import { findIncludes, withoutComments } from '../../src/sessions/instructions/memory.ts'
import { toInertText } from '../../src/sessions/instructions/skills.ts'
import { parseToolNames, toToolNames } from '../../src/sessions/instructions/tool-lists.ts'
import { findMentions } from '../../src/sessions/mentions/find-mentions.ts'

function longestRead(text: string): string {
  let [shortest, longest] = [0, 20_000]
  while (shortest < longest) {
    const middle = Math.ceil((shortest + longest) / 2)
    if (isQuicklyRead(text.slice(0, middle))) shortest = middle
    else longest = middle - 1
  }
  return `<${text.slice(0, shortest - 1)}`
}

/** What is read of a text that a repository or a caller sends, on the event loop. */
const readers: Record<string, (text: string) => unknown> = {
  toInertText,
  findIncludes,
  withoutComments,
  findMentions,
  renderMarkdownEntry: text => renderMarkdownEntry({ kind: 'text', text, ofSubagent: false }),
  'renderMarkdownEntry, of a note': text => renderMarkdownEntry({ kind: 'note', text }),
  // As long as is still read as Markdown.
  'renderMarkdownEntry, of a text that is read': text =>
    renderMarkdownEntry({ kind: 'text', text: longestRead(text), ofSubagent: true }),
  parseFrontMatter: text => parseFrontMatter(`---\n${text.slice(-16_000)}\n---\n${text}`),
  'parseFrontMatter, of a field': text => parseFrontMatter(`---\ntools: ${text.slice(-16_000)}\n---\n`),
  parseToolNames,
  toToolNames: text => toToolNames([text]),
}

const length = 100_000
const repeated = (text: string) => text.repeat(Math.ceil(length / text.length)).slice(0, length)

/** Alone, and with what makes a search that goes to the end fail there. */
const pieces = [
  ...['`', '~', '!', '@', '#', '.', ',', '(', '[', '<', '-', ' ', '\n', '\r', '"', "'", '*', '&', 'a'],
  ...['```\n', '~~~\n', '<!--\n', '-->\n', '@a ', ' @"', '@a#', '@a!', '- ', '? ', 'a: ', '](', '![', '[a]:'],
  ...['```!', '`!', '---\n', '<a', '> ', '\\', '| ', 'a.', '/.', '~/', '((', '),'],
]
const endings = ['', 'a', '\n', '!', '/a']

/** A reader that goes back for each character needs minutes for one of these texts: too long for the time of a test. */
test.each(Object.entries(readers))(
  'texts of 100,000 characters are read without going back for each of them: %s',
  (_name, read) => {
    let count = 0
    for (const piece of pieces) {
      for (const begin of ['', '@', '`']) {
        for (const ending of endings) {
          read(begin + repeated(piece) + ending)
          count++
        }
      }
    }
    expect(count).toBe(pieces.length * 3 * endings.length)
  },
)
