import type { Node } from 'commonmark'

/** A piece of code with the fences, or within the backticks, that make it one. */
export interface Code {
  start: number
  text: string
}

/** A line that many readers, but not CommonMark, take for the second one of a table, or for the start of a footnote. */
const extension = /^(?:(?=[^\n]*-)(?=[^\n]*[|:])[-|: \t>*+\d.)]+$|[ \t>*+\-\d.)]*\[\^[^\]\n]+\]:)/m
/** In a table, this ends a cell, and so the code in it. */
const cellEnd = /(?<!\\)\||\\\\\|/
/**
 * A link to something with backticks in it: they are part of the code after it when it is none, and what is a link
 * depends on other texts of the page.
 */
const unclearLink = /\]\((?![^()`\\"'<]*(?:"[^"()`\\]*"\s*)?\))|\]\[(?![^[\]`\\]*\])/

/**
 * What of the document is code for every reader of Markdown, in its order. Where they may differ, it is no code; that
 * is never wrong, only harder to read.
 */
export function findCode(text: string, document: Node): Code[] {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  const isExtended = extension.test(text)
  let read = 0
  return leavesOf(document).flatMap(({ type, info, sourcepos }) => {
    const [[firstLine, column], [lastLine]] = sourcepos
    const start = (lineStarts[firstLine - 1] ?? 0) + column - 1
    const end = (lineStarts[lastLine] ?? text.length + 1) - 1
    const block = text.slice(start, end)
    const [definitions = ''] = text
      .slice(read, start)
      .split(/\n[ \t>]*\n/)
      .slice(-1)
    read = end
    if (type !== 'code_block') {
      // Readers differ in what defines a link and what is a paragraph already.
      if (definitions.includes('`')) return []
      return findSpans(block, isExtended).map(span => ({ ...span, start: span.start + start }))
    }
    // Indented text may as well be the second paragraph of a footnote.
    const isFenced = info !== null
    return isFenced || !isExtended ? [{ start, text: block }] : []
  })
}

function leavesOf(node: Node): Node[] {
  const leaves: Node[] = []
  for (let child = node.firstChild; child; child = child.next) {
    if (['paragraph', 'heading', 'code_block'].includes(child.type)) leaves.push(child)
    else leaves.push(...leavesOf(child))
  }
  return leaves
}

function findSpans(paragraph: string, isExtended: boolean): Code[] {
  const spans: Code[] = []
  let rest = ''
  let position = 0
  for (const [start, end] of pairBackticks(paragraph)) {
    spans.push({ start, text: paragraph.slice(start, end) })
    rest += `${paragraph.slice(position, start)}\``
    position = end
  }
  rest += paragraph.slice(position)
  if (unclearLink.test(rest) || rest.split(/[\s<]/).some(swallowsBacktick)) return []
  // Readers differ in where a paragraph ends, and a line of code may begin a block of HTML, which ends it too.
  if (spans.some(({ text }) => text.includes('\n'))) return []
  return isExtended && spans.some(({ text }) => cellEnd.test(text)) ? [] : spans
}

/** Some readers make a link of every address, whatever it ends with. */
function swallowsBacktick(word: string): boolean {
  const address = word.search(/\w:\/\/|www\./i)
  return address >= 0 && word.includes('`', address)
}

/** Where code spans begin and end: with runs of equally many backticks, of which the first is not escaped. */
function pairBackticks(text: string): [start: number, end: number][] {
  const runs = Array.from(text.matchAll(/`+/g), ({ 0: { length }, index }) => ({ length, index }))
  const later = Map.groupBy(runs.reverse(), ({ length }) => length)
  const spans: [number, number][] = []
  const opening = /\\[\s\S]|(`+)/g
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const [, { length } = ''] = match
    const closings = later.get(length) ?? []
    // Those that are behind already.
    while ((closings.at(-1)?.index ?? Number.POSITIVE_INFINITY) < opening.lastIndex) closings.pop()
    const closing = closings.at(-1)?.index
    if (length === 0 || closing === undefined) continue
    opening.lastIndex = closing + length
    spans.push([match.index, opening.lastIndex])
  }
  return spans
}
