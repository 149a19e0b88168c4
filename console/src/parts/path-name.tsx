import { cx } from '../lib/class-names.ts'
import { revealName } from '../lib/revealed-name.ts'

/** A path with its directories in a lighter colour; if there is too little room, the directories are cut. */
export function PathName({ path, className }: { path: string; className?: string }) {
  const end = path.lastIndexOf('/') + 1
  return (
    <bdi
      dir="ltr"
      title={revealName(path)}
      className={cx('flex min-w-0 font-mono text-xs whitespace-pre', className)}
    >
      {end > 0 && (
        <span className="min-w-0 shrink truncate text-muted">{revealName(path.slice(0, end))}</span>
      )}
      <span className="max-w-full min-w-0 shrink-[0.0001] truncate">{revealName(path.slice(end))}</span>
    </bdi>
  )
}
