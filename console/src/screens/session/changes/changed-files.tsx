import { useRef } from 'react'
import type { FileDiff } from '../../../../../src/client/index.ts'
import type { DiffMode } from '../../../diff/diff-view.tsx'
import { useMedia } from '../../../lib/use-media.ts'
import { LazyBlock } from '../../../ui/lazy-block.tsx'
import { type Comments, isWritten } from './comments.ts'
import { FileList } from './file-list.tsx'
import { FileSection } from './file-section.tsx'
import type { OpenFiles } from './use-open-files.ts'
import { useRemarks } from './use-remarks.tsx'
import type { Viewed } from './viewed.ts'

interface ChangedFilesProps {
  sessionId: string
  since: string
  files: readonly FileDiff[]
  mode: DiffMode
  open: OpenFiles
  viewed: Viewed
  /** Absent: lines take no comments. */
  comments: Comments | undefined
}

const headerPixels = 42
const rowPixels = 20

function estimateOf({ diff }: FileDiff, isOpen: boolean): number {
  if (!isOpen || diff === undefined) return headerPixels
  let rows = 0
  for (let at = diff.indexOf('\n'); at !== -1 && rows < 1_000; at = diff.indexOf('\n', at + 1)) rows += 1
  return headerPixels + rows * rowPixels
}

/** The list of files and their diffs. */
export function ChangedFiles({ sessionId, since, files, mode, open, viewed, comments }: ChangedFilesProps) {
  const remarksOf = useRemarks(comments)
  const isWide = useMedia('(min-width: 64rem)')
  const sections = useRef<HTMLDivElement>(null)

  const jump = (index: number) => {
    const section = sections.current?.children[index]
    section?.scrollIntoView()
    // The content may come only now that it is near.
    requestAnimationFrame(() => section?.querySelector('button')?.focus({ preventScroll: true }))
  }
  const view = (file: FileDiff, isSeen: boolean) => {
    viewed.setViewed(file, isSeen)
    open.setOpen(file, !isSeen)
  }
  const list = (
    <FileList
      files={files}
      isViewed={viewed.isViewed}
      commentCount={({ path }) =>
        comments?.comments.filter(comment => comment.path === path && isWritten(comment)).length ?? 0
      }
      onPick={jump}
    />
  )
  return (
    <div className="flex min-h-0 flex-1">
      {isWide && (
        <nav
          aria-label="Changed files"
          className="relative w-72 shrink-0 overflow-y-auto border-r border-line py-2"
        >
          {list}
        </nav>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: What scrolls has to be reachable by keyboard. */}
      <section tabIndex={0} aria-label="Diffs" className="relative min-w-0 flex-1 overflow-y-auto p-2 sm:p-3">
        {!isWide && files.length > 1 && (
          <details className="card mb-3 overflow-hidden">
            <summary className="target flex items-center px-3 py-1 font-medium">Jump to a file</summary>
            <div className="relative max-h-80 overflow-y-auto border-t border-line">{list}</div>
          </details>
        )}
        <div ref={sections}>
          {files.map(file => (
            <LazyBlock key={file.path} className="pb-3" estimate={estimateOf(file, open.isOpen(file))}>
              {() => (
                <FileSection
                  sessionId={sessionId}
                  since={since}
                  file={file}
                  mode={mode}
                  isOpen={open.isOpen(file)}
                  onOpenChange={isOpen => open.setOpen(file, isOpen)}
                  isViewed={viewed.isViewed(file)}
                  onViewedChange={isSeen => view(file, isSeen)}
                  remarks={remarksOf?.(file.path)}
                />
              )}
            </LazyBlock>
          ))}
        </div>
      </section>
    </div>
  )
}
