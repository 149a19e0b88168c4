/** A piece of terminal output and how it looks. */
export interface AnsiPiece {
  text: string
  /** The name of a colour in `ansi-text.tsx`; null: that of the text. */
  color: string | null
  bold: boolean
  underline: boolean
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/**
 * Sequences of a terminal: with parameters (CSI), with a text up to its end (OSC, DCS, APC, PM, SOS), and short ones.
 * A sequence that is not ended hides nothing but its beginning.
 */
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Those are meant.
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]P_^X][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\u001b[ -/]*[0-~]|\u009b([0-?]*)[ -/]*([@-~])/g

/** Reads the colours of terminal output, and leaves out everything else that a terminal would obey. */
export function readAnsi(output: string): AnsiPiece[] {
  const pieces: AnsiPiece[] = []
  let style = { color: null as string | null, bold: false, underline: false }
  let end = 0
  const add = (text: string) => {
    if (text !== '') pieces.push({ text, ...style })
  }
  for (const match of output.matchAll(sequences)) {
    add(output.slice(end, match.index))
    end = match.index + match[0].length
    if ((match[2] ?? match[4]) === 'm') style = applyCodes(style, match[1] ?? match[3] ?? '')
  }
  add(output.slice(end))
  return pieces
}

function applyCodes(before: Omit<AnsiPiece, 'text'>, codes: string): Omit<AnsiPiece, 'text'> {
  let style = before
  const numbers = codes.split(/[;:]/).map(Number)
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0
    if (code === 0) style = { color: null, bold: false, underline: false }
    else if (code === 1) style = { ...style, bold: true }
    else if (code === 4) style = { ...style, underline: true }
    else if (code === 22) style = { ...style, bold: false }
    else if (code === 24) style = { ...style, underline: false }
    else if (code === 39) style = { ...style, color: null }
    else if (code >= 30 && code <= 37) style = { ...style, color: names[code - 30] ?? null }
    else if (code >= 90 && code <= 97) style = { ...style, color: names[code - 90] ?? null }
    else if (code === 38 || code === 48) {
      // Of 256 colours the first 16 have a name; the others, and backgrounds, stay as they are.
      const index = numbers[at + 2]
      if (code === 38 && numbers[at + 1] === 5 && index !== undefined && index < 16) {
        style = { ...style, color: names[index % 8] ?? null }
      }
      at += numbers[at + 1] === 2 ? 4 : 2
    }
  }
  return style
}

/** Shows a line that was written over by carriage returns, such as a progress bar, as it was at last. */
export function foldReturns(output: string): string {
  return output
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map(line => line.slice(line.lastIndexOf('\r', line.length - 2) + 1))
    .join('\n')
}
