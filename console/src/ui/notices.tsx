import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../../../src/client/index.ts'
import { cx } from '../lib/class-names.ts'
import { Button } from './button.tsx'
import { describeError } from './describe-error.ts'

interface ErrorNoticeProps {
  error: unknown
  onRetry?: (() => void) | undefined
  className?: string
}

export function ErrorNotice({ error, onRetry, className }: ErrorNoticeProps) {
  const { title, advice } = describeError(error)
  const requestId = error instanceof ApiError ? error.requestId : undefined
  return (
    <div role="alert" className={cx('flex gap-2 rounded-md bg-bad-soft p-3 text-bad', className)}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{title}</p>
        {advice && <p className="break-words">{advice}</p>}
        {requestId && <p className="mt-1 font-mono text-2xs break-all">Request {requestId}</p>}
        {onRetry && (
          <Button size="small" className="mt-2" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}

interface EmptyStateProps {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}

/** The text of an empty list: what belongs here, and how to get it. */
export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-2 px-4 py-12 text-center">
      {icon && <div className="text-muted [&>svg]:size-6">{icon}</div>}
      <p className="font-medium">{title}</p>
      {children && <p className="text-muted">{children}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  )
}

/** Lines in the place of content that is being loaded. */
export function SkeletonLines({ count = 3, label = 'Loading' }: { count?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: The lines have no identity.
        <div key={index} className="skeleton h-4" style={{ width: `${90 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  )
}
