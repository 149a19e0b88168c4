import { GitFork, Plus } from 'lucide-react'
import { Link } from 'wouter'
import type { SessionStatus } from '../../../../../src/client/index.ts'
import { useMayCreate } from '../../../shell/places.ts'
import { Button, buttonClasses } from '../../../ui/button.tsx'
import { useFork } from '../use-fork.ts'

interface ClosedNoticeProps {
  sessionId: string
  status: Exclude<SessionStatus, 'active'>
}

/** Stands in the place of the composer when a session is over, with the ways to continue. */
export function ClosedNotice({ sessionId, status }: ClosedNoticeProps) {
  const { mayFork, isForking, fork } = useFork(sessionId)
  const mayCreate = useMayCreate()
  return (
    <div className="flex flex-wrap items-center justify-center gap-2 py-3">
      <p role="status" className="text-muted">
        This session has {status}.
      </p>
      {mayFork && (
        <Button variant="primary" busy={isForking} onClick={() => fork()}>
          <GitFork aria-hidden className="size-4" /> Fork to continue
        </Button>
      )}
      {mayCreate && (
        <Link href="/sessions/new" className={buttonClasses()}>
          <Plus aria-hidden className="size-4" /> New session
        </Link>
      )}
    </div>
  )
}
