import { useMemo, useState } from 'react'
import { countOf } from '../lib/format.ts'
import { Button } from '../ui/button.tsx'
import { LazyBlock } from '../ui/lazy-block.tsx'
import { type DiffLine, findEmphasis, type Hunk, type SplitRow, toSplitRows } from './patch.ts'
import type { Remarks } from './remarks.ts'
import { moveAmongLines, type RowContext, SplitRowView, UnifiedRow } from './rows.tsx'
import { useDiffTokens } from './use-diff-tokens.ts'

export type DiffMode = 'unified' | 'split'

interface DiffViewProps {
  hunks: readonly Hunk[]
  /** Tells the language, and names the table. */
  path: string
  mode: DiffMode
  /** Whether lines have numbers; those of a snippet mean nothing. Default: true. */
  numbers?: boolean
  /** How many lines are shown at first. */
  limit: number
  remarks?: Remarks | undefined
}

type Row = { hunk: Hunk } | { line: DiffLine } | { split: SplitRow }

function toRows(hunks: readonly Hunk[], mode: DiffMode): Row[] {
  return hunks.flatMap((hunk): Row[] => [
    { hunk },
    ...(mode === 'unified'
      ? hunk.lines.map(line => ({ line }))
      : toSplitRows(hunk.lines).map(split => ({ split }))),
  ])
}

/** How many rows come and go together. */
const chunkRows = 100
const rowPixels = 20

/** The changes of one file as a table. */
export function DiffView({ hunks, path, mode, numbers = true, limit, remarks }: DiffViewProps) {
  const [isWhole, setWhole] = useState(false)
  const all = useMemo(() => toRows(hunks, mode), [hunks, mode])
  // A few more lines are shorter than a button that offers them.
  const rows = isWhole || all.length <= limit * 1.2 ? all : all.slice(0, limit)
  const tokens = useDiffTokens(hunks, path)
  const emphasis = useMemo(() => findEmphasis(hunks.flatMap(({ lines }) => lines)), [hunks])
  const context = { emphasis, tokens, numbers, remarks }
  const chunks = Array.from({ length: Math.ceil(rows.length / chunkRows) }, (_, index) =>
    rows.slice(index * chunkRows, (index + 1) * chunkRows),
  )
  const parts = chunks.map((chunk, index) => () => (
    <Rows
      rows={chunk}
      label={chunks.length === 1 ? `Changes of ${path}` : `Changes of ${path}, part ${index + 1}`}
      mode={mode}
      context={context}
    />
  ))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: The keys belong to the buttons inside.
    <div className="min-w-0 overflow-hidden" onKeyDown={moveAmongLines}>
      {parts.length === 1
        ? parts[0]?.()
        : parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: Parts have no other identity.
            <LazyBlock key={index} estimate={(chunks[index]?.length ?? 0) * rowPixels}>
              {part}
            </LazyBlock>
          ))}
      {rows.length < all.length && (
        <div className="border-t border-line p-2">
          <Button size="small" onClick={() => setWhole(true)}>
            Show {countOf(all.length - rows.length, 'more line')}
          </Button>
        </div>
      )}
    </div>
  )
}

interface RowsProps {
  rows: readonly Row[]
  label: string
  mode: DiffMode
  context: RowContext
}

function Rows({ rows, label, mode, context }: RowsProps) {
  const gutter = !context.numbers ? 'w-0' : mode === 'unified' ? 'w-20' : 'w-11'
  const columns = mode === 'unified' ? 2 : 4
  const first = rows.findIndex(row => !('hunk' in row))
  return (
    <table aria-label={label} className="w-full table-fixed border-collapse font-mono text-xs leading-5">
      <colgroup>
        {Array.from({ length: columns }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: Columns have no other identity.
          <col key={index} className={index % 2 === 0 ? gutter : undefined} />
        ))}
      </colgroup>
      <tbody>
        {rows.map((row, index) => {
          // biome-ignore-start lint/suspicious/noArrayIndexKey: The place of a row is its identity.
          const isTabStop = index === first
          if ('line' in row) {
            return <UnifiedRow key={index} row={row.line} context={context} isTabStop={isTabStop} />
          }
          if ('split' in row) {
            return <SplitRowView key={index} row={row.split} context={context} isTabStop={isTabStop} />
          }
          return (
            <tr key={index} className="bg-surface text-2xs text-muted select-none">
              <td colSpan={columns} className="px-2 py-0.5">
                {context.numbers ? row.hunk.header : '⋯'}
              </td>
            </tr>
          )
          // biome-ignore-end lint/suspicious/noArrayIndexKey: The place of a row is its identity.
        })}
      </tbody>
    </table>
  )
}
