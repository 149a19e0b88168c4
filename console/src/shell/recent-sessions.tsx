import { Link, useLocation } from 'wouter'
import { titleOf, useRecentSessions } from '../api/sessions.ts'
import { cx } from '../lib/class-names.ts'
import { StateDot } from '../parts/session-state.tsx'

/** The newest sessions, in the side of a wide window. */
export function RecentSessions() {
  const [location] = useLocation()
  const { data: sessions = [] } = useRecentSessions()
  if (sessions.length === 0) return null
  return (
    <div className="mt-4 min-h-0 flex-1 overflow-y-auto px-2 pb-2">
      <h2 className="px-2 pb-1 text-xs font-semibold text-muted">Recent</h2>
      <ul className="flex flex-col gap-0.5">
        {sessions.map(session => {
          const path = `/sessions/${session.sessionId}`
          const isActive = location === path || location.startsWith(`${path}/`)
          return (
            <li key={session.sessionId}>
              <Link
                href={path}
                aria-current={isActive ? 'page' : undefined}
                className={cx(
                  'target flex h-7 items-center gap-2 rounded-md px-2 text-xs',
                  isActive ? 'bg-hover font-medium' : 'hover:bg-hover',
                )}
              >
                <StateDot session={session} />
                <bdi className="truncate">{titleOf(session)}</bdi>
              </Link>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
