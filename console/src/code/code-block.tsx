import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import type { Bound } from '../lib/cut-text.ts'
import { revealText } from '../lib/revealed-text.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { CopyButton } from '../ui/small-parts.tsx'
import { findLanguage } from './languages.ts'
import { ShowMore, useCut } from './show-more.tsx'
import { useHighlighted } from './use-highlighted.ts'

interface CodeBlockProps {
  code: string
  /** A name such as `ts`; unknown ones are shown plain. */
  language?: string | null
  /** Names the block above it and for screen readers, such as a path. */
  label?: ReactNode
  name?: string
  /** The number of the first line; absent: lines have no numbers. */
  startLine?: number
  /** Whether more of the code is about to come; it is highlighted at its end. */
  isPartial?: boolean
  /** Whether long lines are broken; code scrolls sideways. */
  wraps?: boolean
  bound?: Bound
  className?: string
}

const usualBound: Bound = { characters: 20_000, lines: 200 }

/** Code with colours, cut at a bound; hidden characters are made visible. */
export function CodeBlock({
  code,
  language,
  label,
  name = 'Code',
  startLine,
  isPartial,
  wraps,
  bound = usualBound,
  className,
}: CodeBlockProps) {
  const { shown, isCut, more } = useCut(code, bound)
  const revealed = revealText(shown)
  const copy = <CopyButton text={code} label={`Copy ${name.toLowerCase()}`} className="m-0.5" />
  const lines = useHighlighted(revealed, isPartial ? null : findLanguage(language))
  return (
    <div className={cx('min-w-0 overflow-hidden rounded-md border border-line bg-surface', className)}>
      {label != null && (
        <div className="flex min-h-8 items-center gap-2 border-b border-line py-0.5 pr-0.5 pl-3 text-xs text-muted">
          <div className="min-w-0 flex-1">{label}</div>
          {copy}
        </div>
      )}
      <div className="flex items-start">
        <ScrollRegion
          label={name}
          className="flex max-h-120 min-w-0 flex-1 py-2 font-mono text-xs leading-5 pointer-coarse:min-h-11"
        >
          {startLine !== undefined && <LineNumbers start={startLine} count={revealed.split('\n').length} />}
          <pre
            dir="ltr"
            className={cx('min-w-0 flex-1 px-3', wraps ? 'wrap-anywhere whitespace-pre-wrap' : 'w-max')}
          >
            <code>{lines ? <Tokens lines={lines} /> : revealed}</code>
          </pre>
        </ScrollRegion>
        {/* Beside the code, because it would lie on its text. */}
        {label == null && copy}
      </div>
      {isCut && <ShowMore shown={shown} of={code} onMore={more} />}
    </div>
  )
}

function Tokens({ lines }: { lines: NonNullable<ReturnType<typeof useHighlighted>> }) {
  return lines.map((line, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: A line is what stands at its place.
    <span key={row}>
      {line.map(([text, color], column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: So is a token.
        <span key={column} style={{ color }}>
          {text}
        </span>
      ))}
      {row < lines.length - 1 && '\n'}
    </span>
  ))
}

function LineNumbers({ start, count }: { start: number; count: number }) {
  return (
    <div
      aria-hidden
      className="sticky left-0 shrink-0 bg-surface pl-3 text-right whitespace-pre text-muted select-none"
    >
      {Array.from({ length: count }, (_, index) => start + index).join('\n')}
    </div>
  )
}
