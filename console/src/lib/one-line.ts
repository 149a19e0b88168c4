import { revealText } from './revealed-text.ts'

/** The beginning of a text on one line, with its hidden characters made visible. @param longest in characters */
export function toOneLine(text: string, longest: number): string {
  // Not all of a long text is looked at.
  const line = revealText(
    text
      .slice(0, longest * 4)
      .trim()
      .replace(/\s+/g, ' '),
  )
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
