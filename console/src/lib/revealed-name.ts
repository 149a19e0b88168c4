import { revealText } from './revealed-text.ts'

const breaks: Record<string, string> = { '\n': '⟨U+000A⟩', '\r': '⟨U+000D⟩', '\t': '⟨U+0009⟩' }

/** A name or a path on one line, with all of its hidden characters made visible. */
export function revealName(name: string): string {
  // Line breaks first: as a pair they would become one.
  return revealText(name.replace(/[\n\r\t]/g, char => breaks[char] ?? char))
}

/** A line of a file; a carriage return at its end is visible, too. */
export function revealLine(line: string): string {
  return revealText(line.replaceAll('\r', '⟨CR⟩'))
}
