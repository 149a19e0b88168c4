import { useMemo } from 'react'
import { revealLine } from '../lib/revealed-name.ts'
import { type DiffMode, DiffView } from './diff-view.tsx'
import { readPatch } from './patch.ts'
import type { Remarks } from './remarks.ts'

/** How many characters are shown of a patch that cannot be read. */
const longestUnread = 50_000

interface PatchDiffProps {
  /** A unified patch of one file, as git makes it. */
  patch: string
  path: string
  view: DiffMode
  /** How many lines are shown at first. Default: 1,000. */
  limit?: number
  remarks?: Remarks | undefined
}

/** The changes that a patch makes to a file. */
export function PatchDiff({ patch, path, view, limit = 1_000, remarks }: PatchDiffProps) {
  const found = useMemo(() => readPatch(patch), [patch])
  if (!found) {
    return (
      <pre className="p-2 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]">
        {patch.slice(0, longestUnread).split('\n').map(revealLine).join('\n')}
      </pre>
    )
  }
  const { hunks, oldMode, newMode, isBinary } = found
  return (
    <>
      {oldMode && newMode && oldMode !== newMode && (
        <p className="px-3 py-1.5 text-xs text-muted">
          Mode changed from <code>{oldMode}</code> to <code>{newMode}</code>
        </p>
      )}
      {hunks.length > 0 ? (
        <DiffView hunks={hunks} path={path} mode={view} limit={limit} remarks={remarks} />
      ) : (
        <p className="px-3 py-1.5 text-xs text-muted">
          {isBinary ? 'This file is not text.' : 'No line has changed.'}
        </p>
      )}
    </>
  )
}
