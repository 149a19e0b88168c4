import { styleText } from 'node:util'
import { toPlainName, toPlainText } from '../lib/plain-name.ts'

type Style = Parameters<typeof styleText>[0]

/** Characters that JSON leaves as they are, and that a terminal obeys or hides. */
const unescaped = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g

/** Writes to standard output what may come from anywhere. Foreign text loses its control characters. */
export const terminal = {
  get isInteractive(): boolean {
    return process.stdin.isTTY === true && process.stdout.isTTY === true
  },

  /** Writes text of several lines as it is, without a line break of its own. */
  text(text: string, style?: Style): void {
    process.stdout.write(styled(toPlainText(text), style))
  },

  /** Writes one line. */
  line(text: string, style?: Style): void {
    process.stdout.write(`${styled(toPlainName(text.replace(/[\r\n\t]+/g, ' ')), style)}\n`)
  },

  /** Writes a value as one line of JSON. */
  json(value: unknown): void {
    const text = JSON.stringify(value).replace(
      unescaped,
      found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    process.stdout.write(`${text}\n`)
  },

  /** Writes aligned columns. */
  table(rows: readonly (readonly string[])[]): void {
    const plain = rows.map(row => row.map(cell => toPlainName(cell.replace(/\s+/g, ' '))))
    const widths = (plain[0] ?? []).map((_, column) =>
      Math.max(...plain.map(row => row[column]?.length ?? 0)),
    )
    for (const row of plain) {
      process.stdout.write(
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
      )
    }
  },
}

/** Elsewhere than on a terminal there are no colours. */
function styled(text: string, style: Style | undefined): string {
  return style === undefined ? text : styleText(style, text, { stream: process.stdout })
}

/** Cuts a text to one line of at most so many characters. */
export function shorten(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`
}
