import { cx } from '../lib/class-names.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { CopyButton } from '../ui/small-parts.tsx'
import { AnsiText } from './ansi-text.tsx'
import { ShowMore, useCut } from './show-more.tsx'

const bound = { characters: 8_000, lines: 100 }

/** The output of a program, with its colours and without what a terminal would obey; cut at a bound. */
export function OutputBlock({
  text,
  name = 'Output',
  isError,
}: {
  text: string
  name?: string
  isError?: boolean
}) {
  const { shown, isCut, more } = useCut(text, bound)
  return (
    <div
      className={cx(
        'flex min-w-0 flex-col overflow-hidden rounded-md border bg-surface',
        isError ? 'border-bad' : 'border-line',
      )}
    >
      <div className="flex items-start">
        <ScrollRegion label={name} className="max-h-96 min-w-0 flex-1 px-3 py-2">
          <pre dir="ltr" className="font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">
            <AnsiText>{shown}</AnsiText>
          </pre>
        </ScrollRegion>
        <CopyButton text={text} label={`Copy ${name.toLowerCase()}`} className="m-0.5" />
      </div>
      {isCut && <ShowMore shown={shown} of={text} onMore={more} />}
    </div>
  )
}
