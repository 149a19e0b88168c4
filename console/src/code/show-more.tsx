import { useState } from 'react'
import { type Bound, cutText } from '../lib/cut-text.ts'
import { countOf, formatBytes } from '../lib/format.ts'
import { Button } from '../ui/button.tsx'

/** How much more of a text each "Show more" shows. */
const factor = 4

/** The part of a text that is shown, and the button that shows more of it. */
export function useCut(text: string, bound: Bound): { shown: string; more: () => void; isCut: boolean } {
  const [times, setTimes] = useState(1)
  const shown = cutText(text, { characters: bound.characters * times, lines: bound.lines * times })
  return { shown, isCut: shown.length < text.length, more: () => setTimes(times * factor) }
}

export function ShowMore({ shown, of, onMore }: { shown: string; of: string; onMore: () => void }) {
  return (
    <div className="flex items-center gap-2 px-3 py-1.5 text-xs text-muted">
      <Button size="small" onClick={onMore}>
        Show more
      </Button>
      <span>
        {formatBytes(shown.length)} of {formatBytes(of.length)}, {countOf(countLines(of), 'line')}
      </span>
    </div>
  )
}

function countLines(text: string): number {
  let count = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
