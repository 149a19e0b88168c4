import { MessagesSquare, Plus, Search } from 'lucide-react'
import { useDeferredValue } from 'react'
import { Link } from 'wouter'
import { type SessionFilter, useSessionList } from '../../api/sessions.ts'
import { revealText } from '../../lib/revealed-text.ts'
import { useParameters } from '../../lib/use-parameter.ts'
import { Page } from '../../shell/page.tsx'
import { useMayCreate } from '../../shell/places.ts'
import { buttonClasses } from '../../ui/button.tsx'
import { Input, Segmented } from '../../ui/form.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../ui/notices.tsx'
import { Badge } from '../../ui/small-parts.tsx'
import { SearchResults } from './search-results.tsx'
import { SessionList } from './session-list.tsx'

const views = {
  open: { label: 'Open', filter: { status: 'active' } },
  waiting: { label: 'Needs you', filter: { status: 'active', state: 'requires_action' } },
  running: { label: 'Running', filter: { status: 'active', state: 'running' } },
  failed: { label: 'Failed', filter: { status: 'all', lastTurn: 'failed' } },
  all: { label: 'All', filter: { status: 'all', archived: 'all' } },
  archived: { label: 'Archived', filter: { status: 'all', archived: 'true' } },
} as const satisfies Record<string, { label: string; filter: SessionFilter }>
type View = keyof typeof views

/** Filters of a search: it knows no states. */
const searched = [
  { value: 'all', label: 'All' },
  { value: 'false', label: 'Not archived' },
  { value: 'true', label: 'Archived' },
] as const

const options = Object.entries(views).map(([value, { label }]) => ({ value: value as View, label }))

/** All sessions, with their state at a glance. The filters are in the address, so that they can be shared. */
export default function SessionsScreen() {
  const [parameters, setParameters] = useParameters()
  const named = parameters.get('view') ?? 'open'
  const view = named in views ? (named as View) : 'open'
  const tags = parameters.getAll('tag')
  const text = parameters.get('q') ?? ''
  const wanted = useDeferredValue(text.trim())
  const within = parameters.get('archived')
  const archived =
    searched.find(({ value }) => value === within)?.value ?? (view === 'archived' ? 'true' : 'all')
  const mayCreate = useMayCreate()

  const change = (name: string, value: string) =>
    setParameters(next => (value === '' ? next.delete(name) : next.set(name, value)), { replace: true })
  const removeTag = (tag: string) => setParameters(next => next.delete('tag', tag), { replace: true })

  return (
    <Page
      title="Sessions"
      fixed
      actions={
        mayCreate && (
          <Link href="/sessions/new" className={buttonClasses('primary')}>
            <Plus aria-hidden className="size-4" />
            New
          </Link>
        )
      }
      below={
        <div className="flex flex-wrap items-center gap-2 pb-2">
          <div className="relative min-w-40 flex-1 sm:max-w-xs">
            <Search aria-hidden className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted" />
            <Input
              type="search"
              aria-label="Search titles, prompts and answers"
              placeholder="Search titles, prompts and answers"
              className="pl-8"
              value={text}
              onChange={event => change('q', event.target.value)}
            />
          </div>
          <div className="-mx-4 max-w-[100vw] overflow-x-auto px-4 sm:mx-0 sm:px-0">
            {wanted === '' ? (
              <Segmented
                label="Which sessions"
                options={options}
                value={view}
                onChange={next => change('view', next === 'open' ? '' : next)}
              />
            ) : (
              <Segmented
                label="Which sessions to search"
                options={searched}
                value={archived}
                onChange={next => change('archived', next)}
              />
            )}
          </div>
          {tags.map(tag => (
            <button
              key={tag}
              type="button"
              className="target"
              aria-label={`Remove the filter ${revealText(tag)}`}
              onClick={() => removeTag(tag)}
            >
              <Badge tone="accent">
                <bdi>{revealText(tag)}</bdi> ×
              </Badge>
            </button>
          ))}
        </div>
      }
    >
      {wanted === '' ? (
        <Matching
          key={view}
          filter={{ ...views[view].filter, ...(tags.length > 0 && { tag: tags }) }}
          view={view}
        />
      ) : (
        <SearchResults text={wanted} archived={archived} tags={tags} />
      )}
    </Page>
  )
}

function Matching({ filter, view }: { filter: SessionFilter; view: View }) {
  const list = useSessionList(filter)
  if (list.isPending) return <SkeletonLines count={8} label="Loading sessions" />
  if (list.isError) return <ErrorNotice error={list.error} onRetry={list.refetch} className="m-4" />
  const sessions = list.data.pages.flatMap(page => page.sessions)
  if (sessions.length === 0) return <Nothing view={view} />
  const more = list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined
  return <SessionList sessions={sessions} total={list.data.pages[0]?.total ?? 0} onMore={more} />
}

function Nothing({ view }: { view: View }) {
  const mayCreate = useMayCreate()
  if (view !== 'open' && view !== 'all') {
    return <EmptyState icon={<MessagesSquare />} title={`No sessions are in “${views[view].label}”`} />
  }
  return (
    <EmptyState
      icon={<MessagesSquare />}
      title="No sessions yet"
      action={
        mayCreate && (
          <Link href="/sessions/new" className={buttonClasses('primary')}>
            New session
          </Link>
        )
      }
    >
      A session is one conversation with Claude Code in one directory.
    </EmptyState>
  )
}
