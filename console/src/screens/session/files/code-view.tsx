import { useMemo } from 'react'
import type { Token } from '../../../code/highlight.ts'
import { languageOfPath } from '../../../code/languages.ts'
import { useHighlighted } from '../../../code/use-highlighted.ts'
import { LineText } from '../../../diff/line-text.tsx'
import { LazyBlock } from '../../../ui/lazy-block.tsx'

/** How many lines come and go together. */
const chunkLines = 200
const linePixels = 20
/** A file up to this size is highlighted as a whole, a larger one in parts, in characters. */
const wholeLength = 50_000

/** The lines of a text file with their numbers. */
export function CodeView({ text, path }: { text: string; path: string }) {
  const lines = useMemo(() => {
    const all = text.split('\n')
    // A line break at the end begins no line.
    return all.length > 1 && all.at(-1) === '' ? all.slice(0, -1) : all
  }, [text])
  const language = languageOfPath(path)
  const isWhole = text.length <= wholeLength
  const tokens = useHighlighted(isWhole ? text : '', isWhole ? language : null)
  const starts = Array.from(
    { length: Math.ceil(lines.length / chunkLines) },
    (_, index) => index * chunkLines,
  )
  return (
    <div className="py-2 font-mono text-xs leading-5">
      {starts.map(start => {
        const part = lines.slice(start, start + chunkLines)
        return (
          <LazyBlock key={start} estimate={part.length * linePixels}>
            {() => (
              <Lines
                lines={part}
                start={start}
                tokens={tokens?.slice(start, start + chunkLines)}
                language={isWhole ? null : language}
              />
            )}
          </LazyBlock>
        )
      })}
    </div>
  )
}

interface LinesProps {
  lines: readonly string[]
  start: number
  tokens: readonly (readonly Token[])[] | undefined
  /** null: the tokens are given, or there are none. */
  language: string | null
}

function Lines({ lines, start, tokens: given, language }: LinesProps) {
  const own = useHighlighted(language === null ? '' : lines.join('\n'), language)
  const tokens = given ?? own
  return lines.map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: A line is what stands at its place.
    <div key={index} className="flex">
      {/* A number is not part of the text, so that it is not copied with the code. */}
      <span
        data-number={start + index + 1}
        className="w-12 shrink-0 pr-3 text-right text-2xs leading-5 text-muted before:content-[attr(data-number)]"
      />
      <code
        dir="ltr"
        className="min-w-0 flex-1 pr-3 whitespace-pre-wrap [overflow-wrap:anywhere] [tab-size:4]"
      >
        <LineText text={line} tokens={fitting(line, tokens?.[index])} />
      </code>
    </div>
  ))
}

/** A highlighter leaves out carriage returns, which are to be seen. */
function fitting(line: string, tokens: readonly Token[] | undefined): readonly Token[] | undefined {
  const length = tokens?.reduce((sum, [text]) => sum + text.length, 0)
  return length === line.length ? tokens : undefined
}
