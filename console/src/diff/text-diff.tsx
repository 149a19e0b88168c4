import { useMemo } from 'react'
import { type DiffMode, DiffView } from './diff-view.tsx'
import { compareTexts } from './patch.ts'

interface TextDiffProps {
  /** Empty: all of the text is new. */
  before: string
  after: string
  path: string
  view?: DiffMode
  /** Whether the texts are whole files, so that their lines have numbers. Default: false. */
  isWhole?: boolean
  /** How many lines are shown at first. Default: 60. */
  limit?: number
}

/** The difference of two texts, such as those of an edit that waits for its permission. */
export function TextDiff({
  before,
  after,
  path,
  view = 'unified',
  isWhole = false,
  limit = 60,
}: TextDiffProps) {
  const { hunks } = useMemo(() => compareTexts(before, after), [before, after])
  if (hunks.length === 0) {
    return (
      <p className="px-3 py-1.5 text-xs text-muted">
        {before === after
          ? 'The texts are the same.'
          : 'The texts differ only in the line break at their ends.'}
      </p>
    )
  }
  return <DiffView hunks={hunks} path={path} mode={view} numbers={isWhole} limit={limit} />
}
