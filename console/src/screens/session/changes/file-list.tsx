import { Check } from 'lucide-react'
import type { FileDiff } from '../../../../../src/client/index.ts'
import { cx } from '../../../lib/class-names.ts'
import { countOf } from '../../../lib/format.ts'
import { PathName } from '../../../parts/path-name.tsx'
import { LazyBlock } from '../../../ui/lazy-block.tsx'
import { Counts } from './counts.tsx'

interface FileListProps {
  files: readonly FileDiff[]
  isViewed: (file: FileDiff) => boolean
  commentCount: (file: FileDiff) => number
  onPick: (index: number) => void
}

/** How many files come and go together. */
const chunkFiles = 100
const rowPixels = 28

const marks = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R' }
const tones = {
  added: 'text-good',
  modified: 'text-warn',
  deleted: 'text-bad',
  renamed: 'text-accent-strong',
}

/** The changed files, to jump to. */
export function FileList({ files, isViewed, commentCount, onPick }: FileListProps) {
  const chunks = Array.from(
    { length: Math.ceil(files.length / chunkFiles) },
    (_, chunk) => chunk * chunkFiles,
  )
  return chunks.map(from => {
    const part = files.slice(from, from + chunkFiles)
    return (
      <LazyBlock key={from} estimate={part.length * rowPixels}>
        {() => (
          <ul>
            {part.map((file, index) => (
              <li key={file.path}>
                <button
                  type="button"
                  onClick={() => onPick(from + index)}
                  className="target flex min-h-7 w-full items-center gap-2 px-3 py-0.5 text-left hover:bg-hover"
                >
                  <span className={cx('w-3 shrink-0 font-mono text-2xs font-semibold', tones[file.status])}>
                    <span aria-hidden>{marks[file.status]}</span>
                    <span className="sr-only">{file.status}</span>
                  </span>
                  <PathName path={file.path} className="flex-1" />
                  {commentCount(file) > 0 && (
                    <span className="rounded bg-accent-soft px-1 text-2xs text-accent-strong">
                      <span aria-hidden>{commentCount(file)}</span>
                      <span className="sr-only">{countOf(commentCount(file), 'comment')}</span>
                    </span>
                  )}
                  {isViewed(file) && (
                    <Check role="img" aria-label="Viewed" className="size-3.5 shrink-0 text-muted" />
                  )}
                  <Counts insertions={file.insertions} deletions={file.deletions} />
                </button>
              </li>
            ))}
          </ul>
        )}
      </LazyBlock>
    )
  })
}
