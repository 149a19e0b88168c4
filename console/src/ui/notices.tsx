import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError, ConnectionError } from '../../../src/client/index.ts'
import { cx } from '../lib/class-names.ts'
import { Button } from './button.tsx'

/** An error for people: what happened, and the next step. */
export function describeError(error: unknown): { title: string; advice: string | null } {
  if (error instanceof ConnectionError) {
    return { title: 'The server cannot be reached', advice: 'Check your connection, then try again.' }
  }
  if (error instanceof DOMException) return { title: error.message, advice: null }
  if (!(error instanceof ApiError)) {
    return { title: 'The page made a mistake', advice: 'Reload it. If this comes again, report it.' }
  }
  const issues = Array.isArray(error.details.issues) ? error.details.issues : []
  const fields = issues.map(issue => `${issue.path}: ${issue.message}`).join('; ')
  return { title: error.message, advice: fields || adviceFor(error) }
}

function adviceFor({ code, retryable, retryAfterMs }: ApiError): string | null {
  if (code === 'SCOPE_REQUIRED') return 'Log in with a key that may do this.'
  if (retryAfterMs) return `Try again in ${Math.ceil(retryAfterMs / 1000)} s.`
  return retryable ? 'Try again.' : null
}

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
