import { useState } from 'react'
import type { Token } from '../code/highlight.ts'
import { formatCount } from '../lib/format.ts'
import { revealLine } from '../lib/revealed-name.ts'

interface LineTextProps {
  text: string
  /** The pieces of the line in order; absent: it is plain. */
  tokens?: readonly Token[] | undefined
  /** The part that has changed. */
  emphasis?: readonly [start: number, end: number] | undefined
  emphasisClass?: string
}

/** How many characters of a line are shown at first; each wish for more shows ten times as many. */
const firstShown = 2_000

/** The text of one line of code, cut if it is very long. */
export function LineText({ text, tokens, emphasis, emphasisClass }: LineTextProps) {
  const [shown, setShown] = useState(firstShown)
  if (text === '') return <br />
  const isCut = text.length > shown
  const pieces: readonly Token[] = isCut || !tokens ? [[isCut ? text.slice(0, shown) : text, '']] : tokens
  return (
    <>
      {splitAt(pieces, emphasis).map(({ start, text, color, isChanged }) => (
        <span
          key={start}
          className={isChanged ? emphasisClass : undefined}
          style={color === '' ? undefined : { color }}
        >
          {revealLine(text)}
        </span>
      ))}
      {isCut && (
        <button
          type="button"
          className="ml-2 rounded border border-line-strong bg-raised px-1.5 font-sans text-2xs text-muted select-none hover:text-ink"
          onClick={() => setShown(shown * 10)}
        >
          {formatCount(text.length - shown)} more characters
        </button>
      )}
    </>
  )
}

interface Piece {
  text: string
  color: string
  start: number
  isChanged: boolean
}

/** Cuts tokens where the changed part begins and ends. */
function splitAt(tokens: readonly Token[], emphasis: readonly [number, number] | undefined): Piece[] {
  const pieces: Piece[] = []
  const [from, to] = emphasis ?? [0, 0]
  let position = 0
  for (const [text, color] of tokens) {
    const end = position + text.length
    const cuts = [position, ...[from, to].filter(cut => cut > position && cut < end), end]
    for (const [index, start] of cuts.slice(0, -1).entries()) {
      const piece = text.slice(start - position, (cuts[index + 1] ?? end) - position)
      if (piece === '') continue
      pieces.push({ text: piece, color, start, isChanged: start >= from && start < to })
    }
    position = end
  }
  return pieces
}
