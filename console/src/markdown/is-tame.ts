/** More of them make a parser slow out of all proportion, and no text for people has so many. */
const most = { cells: 10_000, quotes: 20, marks: 1_500, openings: 300 }

/**
 * Whether a text may be parsed as Markdown: what few characters may blow up into is bounded. Tables have columns times
 * rows as cells, however short their rows are; marks and openings that nothing closes are looked at again and again.
 */
export function isTame(text: string): boolean {
  return countCells(text) <= most.cells && text.split(/\n[ \t]*\n/).every(isTameParagraph)
}

function isTameParagraph(paragraph: string): boolean {
  for (const [line] of paragraph.matchAll(/^[ \t]*(?:>[ \t]*)+/gm)) {
    if (line.length > most.quotes && countOf(line, '>') > most.quotes) return false
  }
  const openings = countOf(paragraph, '[') - countOf(paragraph, ']')
  const links = countOf(paragraph, '](') - countOf(paragraph, ')')
  return Math.max(openings, links) <= most.openings && (paragraph.match(/[*_~]+/g)?.length ?? 0) <= most.marks
}

/** The cells of all tables: rows until a blank line, as wide as the line of dashes. */
function countCells(text: string): number {
  let cells = 0
  let columns = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') columns = 0
    else if (/^[ \t>|:-]*-[ \t>|:-]*$/.test(line) && line.includes('|')) columns = countOf(line, '|') + 1
    cells += columns
  }
  return cells
}

function countOf(text: string, char: string): number {
  let count = 0
  for (let at = text.indexOf(char); at !== -1; at = text.indexOf(char, at + 1)) count++
  return count
}
