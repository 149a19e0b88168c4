import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import { cx } from '../lib/class-names.ts'
import { useFold } from '../lib/use-fold.ts'

interface FoldProps {
  /** Under this name the page remembers whether it is open; null: it does not. */
  name: string | null
  title: ReactNode
  /** Stands at the end of the title's line. */
  aside?: ReactNode
  isOpen?: boolean
  className?: string
  children: ReactNode
}

/** Content behind a line that opens it. It is not rendered before. */
export function Fold({ name, title, aside, isOpen: initial = false, className, children }: FoldProps) {
  const [isOpen, toggle] = useFold(name, initial)
  const id = useId()
  return (
    <div className={cx('min-w-0', className)}>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={toggle}
        className="target flex w-full min-w-0 items-center gap-2 rounded-md px-2 py-1 text-left hover:bg-hover"
      >
        <ChevronRight aria-hidden className={cx('size-3.5 shrink-0 text-muted', isOpen && 'rotate-90')} />
        <span className="flex min-w-0 flex-1 items-center gap-2">{title}</span>
        {aside}
      </button>
      {isOpen && (
        <div id={id} className="flex flex-col gap-2 px-2 pt-1 pb-2">
          {children}
        </div>
      )}
    </div>
  )
}
