import { lazy, Suspense } from 'react'
import { Link, Route, Switch, useLocation } from 'wouter'
import { titleOf, useSession } from '../../api/sessions.ts'
import { cx } from '../../lib/class-names.ts'
import { StateBadge } from '../../parts/session-state.tsx'
import { Page } from '../../shell/page.tsx'
import { buttonClasses } from '../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import ConversationTab from './conversation/conversation-tab.tsx'
import { SessionActions } from './session-actions.tsx'
import { SessionFacts } from './session-facts.tsx'

const ChangesTab = lazy(() => import('./changes/changes-tab.tsx'))
const FilesTab = lazy(() => import('./files/files-tab.tsx'))
const ContextTab = lazy(() => import('./context/context-tab.tsx'))

const tabs = [
  { path: '', label: 'Conversation' },
  { path: '/changes', label: 'Changes' },
  { path: '/files', label: 'Files' },
  { path: '/context', label: 'Context' },
] as const

/** A session: what was said, what has changed, its files, and what fills its context. */
export default function SessionScreen({ sessionId }: { sessionId: string }) {
  const { data: session, error, refetch } = useSession(sessionId)
  if (error && !session) {
    return (
      <Page title="Session">
        <div className="mx-auto max-w-lg p-4">
          <ErrorNotice error={error} onRetry={refetch} />
          <Link href="/sessions" className={cx(buttonClasses(), 'mt-3')}>
            All sessions
          </Link>
        </div>
      </Page>
    )
  }
  return (
    <Page
      title={session ? titleOf(session) : 'Session'}
      aside={
        session && (
          <>
            <StateBadge session={session} />
            {session.archived && <Badge>Archived</Badge>}
          </>
        )
      }
      actions={session && <SessionActions session={session} />}
      below={
        <>
          {session && <SessionFacts session={session} />}
          <Tabs sessionId={sessionId} />
        </>
      }
      fixed
    >
      <Suspense fallback={<SkeletonLines count={6} />}>
        <Switch>
          <Route path="/sessions/:sessionId/changes">
            <ChangesTab sessionId={sessionId} />
          </Route>
          <Route path="/sessions/:sessionId/files">
            <FilesTab sessionId={sessionId} />
          </Route>
          <Route path="/sessions/:sessionId/context">
            <ContextTab sessionId={sessionId} />
          </Route>
          <Route path="/sessions/:sessionId/turns/:turnId">
            {({ turnId }) => <ConversationTab key={turnId} sessionId={sessionId} turnId={turnId} />}
          </Route>
          <Route path="/sessions/:sessionId">
            <ConversationTab sessionId={sessionId} />
          </Route>
          <Route>
            <EmptyState title="There is nothing at this address">Choose one of the tabs above.</EmptyState>
          </Route>
        </Switch>
      </Suspense>
    </Page>
  )
}

function Tabs({ sessionId }: { sessionId: string }) {
  const [location] = useLocation()
  const base = `/sessions/${sessionId}`
  return (
    <nav aria-label="Session" className="-mx-1 flex gap-1 overflow-x-auto">
      {tabs.map(({ path, label }) => {
        const isActive =
          path === '' ? location === base || location.startsWith(`${base}/turns/`) : location === base + path
        return (
          <Link
            key={path}
            href={base + path}
            aria-current={isActive ? 'page' : undefined}
            className={cx(
              'target flex items-center border-b-2 px-2 py-1.5 outline-offset-[-2px]',
              isActive ? 'border-accent font-medium' : 'border-transparent text-muted hover:text-ink',
            )}
          >
            {label}
          </Link>
        )
      })}
    </nav>
  )
}
