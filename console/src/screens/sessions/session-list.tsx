import { useRef } from 'react'
import { Virtualizer } from 'virtua'
import type { SessionSummary } from '../../../../src/client/index.ts'
import { formatCount } from '../../lib/format.ts'
import { SessionRow } from './session-row.tsx'

interface SessionListProps {
  sessions: readonly SessionSummary[]
  total: number
  /** Loads the next page; undefined: there is none, or it is under way. */
  onMore: (() => void) | undefined
}

/** How many pixels before the end the next page is loaded. */
const ahead = 1_200

/** The list draws the rows in view alone. */
export function SessionList({ sessions, total, onMore }: SessionListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const onScroll = () => {
    const { current } = scroller
    if (!current || !onMore) return
    if (current.scrollHeight - current.clientHeight - current.scrollTop < ahead) onMore()
  }
  return (
    <>
      <p className="px-4 py-1.5 text-xs text-muted" role="status">
        {formatCount(total)} {total === 1 ? 'session' : 'sessions'}
      </p>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto" onScroll={onScroll}>
        <Virtualizer as="ul" item="li" scrollRef={scroller}>
          {sessions.map(session => (
            <SessionRow key={session.sessionId} session={session} />
          ))}
        </Virtualizer>
      </div>
    </>
  )
}
