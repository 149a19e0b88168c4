import { structuredPatch } from 'diff'
import { CodeBlock } from '../code/code-block.tsx'
import { ShowMore, useCut } from '../code/show-more.tsx'
import { cx } from '../lib/class-names.ts'
import { revealText } from '../lib/revealed-text.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** How long texts may be compared, in milliseconds; after it they are shown one after the other. */
const mostMs = 300
const bound = { characters: 20_000, lines: 200 }

interface EditDiffProps {
  before: string
  after: string
  language: string | null
}

/** The lines that an edit takes out and puts in. */
export function EditDiff({ before, after, language }: EditDiffProps) {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, timeout: mostMs })
  if (patch) return <Lines text={patch.hunks.flatMap(hunk => hunk.lines).join('\n')} />
  return (
    <div className="flex flex-col gap-2">
      <CodeBlock code={before} language={language} label="Before" name="Text before" />
      <CodeBlock code={after} language={language} label="After" name="Text after" />
    </div>
  )
}

function Lines({ text }: { text: string }) {
  const { shown, isCut, more } = useCut(text, bound)
  return (
    <div className="overflow-hidden rounded-md border border-line bg-surface">
      <ScrollRegion label="Changed lines" className="max-h-120 py-1">
        <pre dir="ltr" className="w-max min-w-full font-mono text-xs leading-5">
          {shown.split('\n').map((line, index) => (
            <Line
              // biome-ignore lint/suspicious/noArrayIndexKey: A line is what stands at its place.
              key={index}
              line={line}
            />
          ))}
        </pre>
      </ScrollRegion>
      {isCut && <ShowMore shown={shown} of={text} onMore={more} />}
    </div>
  )
}

function Line({ line }: { line: string }) {
  const kind = line[0]
  return (
    <div
      className={cx(
        'px-3 whitespace-pre',
        kind === '+' && 'bg-good-soft text-good',
        kind === '-' && 'bg-bad-soft text-bad',
        kind === '\\' && 'text-muted',
      )}
    >
      {revealText(line)}
    </div>
  )
}
