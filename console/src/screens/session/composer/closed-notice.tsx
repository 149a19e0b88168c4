import { Plus } from 'lucide-react'
import { Link } from 'wouter'
import type { SessionStatus } from '../../../../../src/client/index.ts'
import { useMayCreate } from '../../../shell/places.ts'
import { buttonClasses } from '../../../ui/button.tsx'
import { ForkButton } from '../fork-button.tsx'

interface ClosedNoticeProps {
  sessionId: string
  status: Exclude<SessionStatus, 'active'>
}

/** Stands in the place of the composer when a session is over, with the ways to continue. */
export function ClosedNotice({ sessionId, status }: ClosedNoticeProps) {
  const mayCreate = useMayCreate()
  return (
    <div className="flex flex-wrap items-center justify-center gap-2 py-3">
      <p role="status" className="text-muted">
        This session has {status}.
      </p>
      <ForkButton sessionId={sessionId} />
      {mayCreate && (
        <Link href="/sessions/new" className={buttonClasses()}>
          <Plus aria-hidden className="size-4" /> New session
        </Link>
      )}
    </div>
  )
}
