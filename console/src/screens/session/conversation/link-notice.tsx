import { ApiError } from '../../../../../src/client/index.ts'
import { ErrorNotice } from '../../../ui/notices.tsx'
import type { useLinkedTurn } from './use-linked-turn.ts'

interface LinkNoticeProps {
  linked: ReturnType<typeof useLinkedTurn>
  /** Whether the conversation shows the turn. */
  isFound: boolean
}

/** Says why the page did not open at the turn of its address. */
export function LinkNotice({ linked: { data: turn, error, refetch }, isFound }: LinkNoticeProps) {
  const isUnknown = error instanceof ApiError && error.code === 'TURN_NOT_FOUND'
  if (error && !isUnknown) return <ErrorNotice error={error} onRetry={refetch} className="m-3" />
  const isGone = turn !== undefined && turn.endedAt !== null && !isFound
  if (!isUnknown && !isGone) return null
  return (
    <p role="status" className="bg-warn-soft px-4 py-1.5 text-center text-xs text-warn">
      {isUnknown
        ? 'This session has no turn with the id in this address.'
        : 'The messages of this turn are no longer kept.'}
    </p>
  )
}
