import { Inbox } from 'lucide-react'
import { type ComponentProps, useEffect, useRef, useState } from 'react'
import { useParams } from 'wouter'
import { useRequests, useWaitingTitles } from '../../api/requests.ts'
import { cx } from '../../lib/class-names.ts'
import { countOf } from '../../lib/format.ts'
import { useShortcut } from '../../lib/shortcuts.ts'
import { RequestCard } from '../../parts/requests/request-card.tsx'
import { Page } from '../../shell/page.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import { Notifications } from './notifications.tsx'
import { useSessionName } from './use-session-name.ts'
import { useSettling } from './use-settling.ts'

function describeCount(count: number): string {
  if (count === 0) return 'Nothing waits for you'
  return `${countOf(count, 'request waits', 'requests wait')} for you`
}

/** Everything that waits for a person, over all sessions, oldest first. */
export default function InboxScreen() {
  const { permissionId } = useParams<{ permissionId?: string }>()
  const inbox = useRequests()
  const titles = useWaitingTitles()
  const requests = inbox.data?.requests ?? []
  const [activeId, setActiveId] = useState(permissionId)
  const isSettling = useSettling(requests.map(request => request.permissionId))
  const place = useRef(0)
  const list = useRef<HTMLUListElement>(null)

  // When the active request leaves, the one that takes its place becomes active.
  const found = requests.findIndex(request => request.permissionId === activeId)
  const index = found === -1 ? Math.min(place.current, requests.length - 1) : found
  const active = requests[index]
  useEffect(() => {
    place.current = Math.max(0, index)
  }, [index])

  const move = (by: number) => {
    const next = requests[index + by]
    if (!next) return
    setActiveId(next.permissionId)
    list.current?.children[index + by]?.scrollIntoView({ block: 'nearest' })
  }
  useShortcut('j', 'Next request', 'Inbox', () => move(1))
  useShortcut('k', 'Previous request', 'Inbox', () => move(-1))

  return (
    <Page
      title="Inbox"
      actions={<Notifications />}
      aside={requests.length > 0 && <Badge tone="warn">{inbox.data?.total} waiting</Badge>}
    >
      <p role="status" className="sr-only">
        {inbox.isSuccess && describeCount(inbox.data.total)}
      </p>
      {inbox.isPending && <SkeletonLines count={8} label="Loading the inbox" />}
      {inbox.isError && <ErrorNotice error={inbox.error} onRetry={inbox.refetch} className="m-4" />}
      {inbox.isSuccess && requests.length === 0 && (
        <EmptyState icon={<Inbox />} title="Nothing waits for you">
          Permission requests, questions, plans and forms of all your sessions appear here.
        </EmptyState>
      )}
      {requests.length > 0 && (
        <ul
          ref={list}
          className={cx(
            'mx-auto flex max-w-3xl flex-col gap-3 p-3 sm:p-4',
            isSettling && 'pointer-events-none',
          )}
        >
          {requests.map(request => (
            <li key={request.permissionId} className="scroll-m-4">
              <NamedCard
                request={request}
                title={titles.get(request.sessionId)}
                active={request === active}
                keys={request === active && !isSettling}
                onActivate={() => setActiveId(request.permissionId)}
              />
            </li>
          ))}
        </ul>
      )}
      {inbox.isSuccess && inbox.data.total > requests.length && (
        <p className="p-4 text-center text-muted">
          {countOf(inbox.data.total - requests.length, 'other appears', 'others appear')} when some of these
          are answered.
        </p>
      )}
    </Page>
  )
}

interface NamedCardProps extends Omit<ComponentProps<typeof RequestCard>, 'sessionTitle'> {
  /** Absent: the list of sessions is not there yet, or must not be read. */
  title: string | undefined
}

function NamedCard({ title, ...props }: NamedCardProps) {
  return <RequestCard {...props} sessionTitle={useSessionName(props.request, title)} />
}
