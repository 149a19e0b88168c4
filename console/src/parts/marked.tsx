import { revealText } from '../lib/revealed-text.ts'

interface MarkedProps {
  text: string
  /** Ranges of the text in UTF-16 units, in order and without overlap. */
  matches: readonly { start: number; end: number }[]
  className?: string
}

/** A text with what was searched for marked in it. */
export function Marked({ text, matches, className }: MarkedProps) {
  const starts = [0, ...matches.map(({ end }) => end)]
  return (
    <bdi className={className}>
      {starts.map((start, index) => {
        const match = matches[index]
        return (
          <span key={start}>
            {revealText(text.slice(start, match?.start))}
            {match && (
              <mark className="rounded-sm bg-warn-soft font-medium text-ink">
                {revealText(text.slice(match.start, match.end))}
              </mark>
            )}
          </span>
        )
      })}
    </bdi>
  )
}
