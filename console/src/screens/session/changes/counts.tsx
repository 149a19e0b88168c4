import { formatCount } from '../../../lib/format.ts'

interface CountsProps {
  insertions: number | null
  deletions: number | null
}

/** `+12 −3`; null: the file is not text. */
export function Counts({ insertions, deletions }: CountsProps) {
  if (insertions === null || deletions === null) return <span className="text-2xs text-muted">not text</span>
  return (
    <span className="flex shrink-0 gap-1.5 text-2xs tabular-nums">
      <span className="text-good">
        <span className="sr-only">Added lines: </span>+{formatCount(insertions)}
      </span>
      <span className="text-bad">
        <span className="sr-only">Removed lines: </span>−{formatCount(deletions)}
      </span>
    </span>
  )
}
