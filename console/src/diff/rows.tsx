import type { KeyboardEvent, ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import { LineText } from './line-text.tsx'
import type { DiffLine, Emphasis, SplitRow } from './patch.ts'
import { type Remarks, refOf } from './remarks.ts'
import type { Tokens } from './use-diff-tokens.ts'

/** Properties that all rows of a diff share. */
export interface RowContext {
  emphasis: Emphasis
  tokens: Tokens
  numbers: boolean
  remarks: Remarks | undefined
}

const grounds = { added: 'bg-good-soft', removed: 'bg-bad-soft', same: '' }
const emphasised = { added: 'bg-good/15', removed: 'bg-bad/15', same: '' }
const marks = { added: '+', removed: '-', same: ' ' }
const spoken = { added: 'Added: ', removed: 'Removed: ', same: '' }

interface RowProps<Row> {
  row: Row
  context: RowContext
  /** Whether the row's button is the one that the Tab key stops at. */
  isTabStop: boolean
}

export function UnifiedRow({ row: line, context, isTabStop }: RowProps<DiffLine>) {
  const below = context.remarks?.below(refOf(line))
  return (
    <>
      <tr className={grounds[line.kind]}>
        <Numbers line={line} shown={[line.old, line.new]} context={context} isTabStop={isTabStop} />
        <Code line={line} context={context} />
      </tr>
      {below && <Below columns={2}>{below}</Below>}
    </>
  )
}

export function SplitRowView({ row: { left, right }, context, isTabStop }: RowProps<SplitRow>) {
  const isSame = left === right
  const below = [isSame ? null : left, right].map(line => line && context.remarks?.below(refOf(line)))
  return (
    <>
      <tr>
        {[left, right].map((line, index) =>
          line ? (
            <Half
              // biome-ignore lint/suspicious/noArrayIndexKey: There are two halves, in this order.
              key={index}
              line={line}
              shown={index === 0 ? line.old : line.new}
              context={context}
              isTabStop={isTabStop && (index === 1 || right === null)}
            />
          ) : (
            <td key={index === 0 ? 'left' : 'right'} colSpan={2} className="bg-sunken" />
          ),
        )}
      </tr>
      {below.some(Boolean) && <Below columns={4}>{below}</Below>}
    </>
  )
}

interface HalfProps extends Pick<RowProps<unknown>, 'context' | 'isTabStop'> {
  line: DiffLine
  shown: number | null
}

function Half({ line, shown, context, isTabStop }: HalfProps) {
  const ground = grounds[line.kind]
  return (
    <>
      <Numbers line={line} shown={[shown]} context={context} isTabStop={isTabStop} className={ground} />
      <Code line={line} context={context} className={ground} />
    </>
  )
}

function Below({ columns, children }: { columns: number; children: ReactNode }) {
  return (
    <tr>
      <td colSpan={columns} className="border-y border-line bg-surface font-sans text-sm">
        {children}
      </td>
    </tr>
  )
}

interface NumbersProps extends Pick<RowProps<unknown>, 'context' | 'isTabStop'> {
  line: DiffLine
  shown: (number | null)[]
  className?: string
}

function Numbers({ line, shown, context, isTabStop, className }: NumbersProps) {
  if (!context.numbers) return <td className={className} />
  const texts = shown.map((number, index) => (
    // A number is not part of the text, so that it is not copied with the code.
    <span
      key={index === 0 ? 'old' : 'new'}
      data-number={number ?? ''}
      className="min-w-0 flex-1 overflow-hidden before:content-[attr(data-number)]"
    />
  ))
  const { remarks } = context
  const layout = 'flex w-full gap-1 px-1 text-right text-2xs leading-5 text-muted select-none'
  const { side, line: number } = refOf(line)
  return (
    <td className={cx('p-0 align-top', className)}>
      {remarks ? (
        <button
          type="button"
          data-line
          tabIndex={isTabStop ? 0 : -1}
          aria-label={`Comment on ${side === 'old' ? 'removed ' : ''}line ${number}`}
          className={cx(layout, 'hover:bg-accent hover:text-on-accent')}
          onClick={() => remarks.onPick(refOf(line))}
        >
          {texts}
        </button>
      ) : (
        <span className={layout}>{texts}</span>
      )}
    </td>
  )
}

function Code({ line, context, className }: { line: DiffLine; context: RowContext; className?: string }) {
  return (
    <td
      data-mark={marks[line.kind]}
      className={cx(
        'relative py-0 pr-2 pl-5 align-top whitespace-pre-wrap [overflow-wrap:anywhere] [tab-size:4] [unicode-bidi:isolate]',
        'before:absolute before:left-1.5 before:text-muted before:content-[attr(data-mark)]',
        className,
      )}
    >
      {line.kind !== 'same' && <span className="sr-only select-none">{spoken[line.kind]}</span>}
      <LineText
        text={line.text}
        tokens={context.tokens.get(line)}
        emphasis={context.emphasis.get(line)}
        emphasisClass={emphasised[line.kind]}
      />
      {line.isUnended && (
        <span className="ml-2 font-sans text-2xs text-muted select-none">No line break at the end</span>
      )}
    </td>
  )
}

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }

/** Moves between the buttons of lines with the arrow keys. */
export function moveAmongLines(event: KeyboardEvent<HTMLElement>): void {
  const step = steps[event.key]
  if (!step || !(event.target instanceof HTMLElement) || !event.target.matches('[data-line]')) return
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-line]')]
  const next = buttons[buttons.indexOf(event.target) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}
