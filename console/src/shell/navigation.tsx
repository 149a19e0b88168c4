import { BarChart3, Inbox, MessagesSquare, Plus, Search, Server } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useOpenRequestCount } from '../api/requests.ts'
import { cx } from '../lib/class-names.ts'
import { buttonClasses } from '../ui/button.tsx'
import { Kbd } from '../ui/small-parts.tsx'
import { PersonMenu } from './person-menu.tsx'
import { RecentSessions } from './recent-sessions.tsx'

const places = [
  { path: '/inbox', label: 'Inbox', icon: Inbox },
  { path: '/sessions', label: 'Sessions', icon: MessagesSquare },
  { path: '/usage', label: 'Usage', icon: BarChart3 },
  { path: '/server', label: 'Server', icon: Server },
] as const

interface NavigationProps {
  onSearch: () => void
  onShortcuts: () => void
}

/** The side of a wide window. */
export function Sidebar({ onSearch, onShortcuts }: NavigationProps) {
  return (
    <nav aria-label="Main" className="hidden w-60 shrink-0 flex-col border-r border-line bg-surface md:flex">
      <div className="flex flex-col gap-2 p-3">
        <Link href="/sessions/new" className={buttonClasses('primary')}>
          <Plus aria-hidden className="size-4" />
          New session
        </Link>
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 items-center gap-2 rounded-md border border-line bg-canvas px-2 text-muted hover:border-line-strong"
        >
          <Search aria-hidden className="size-4" />
          <span className="flex-1 text-left">Search</span>
          <Kbd>Ctrl K</Kbd>
        </button>
      </div>
      <ul className="flex flex-col gap-0.5 px-2">
        {places.map(place => (
          <li key={place.path}>
            <Place
              {...place}
              className="flex h-8 items-center gap-2 rounded-md px-2"
              activeClassName="bg-hover font-medium"
            />
          </li>
        ))}
      </ul>
      <RecentSessions />
      <PersonMenu onShortcuts={onShortcuts} />
    </nav>
  )
}

/** The bottom of a phone. */
export function TabBar() {
  return (
    <nav
      aria-label="Main"
      className="flex shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places.map(place => (
        <Place
          key={place.path}
          {...place}
          className="flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-2xs text-muted"
          activeClassName="text-accent-strong font-medium"
        />
      ))}
    </nav>
  )
}

interface PlaceProps {
  path: string
  label: string
  icon: (typeof places)[number]['icon']
  className: string
  activeClassName: string
}

function Place({ path, label, icon: Icon, className, activeClassName }: PlaceProps): ReactNode {
  const [location] = useLocation()
  const count = useOpenRequestCount()
  const isActive = location === path || location.startsWith(`${path}/`)
  const badge = path === '/inbox' && count > 0 ? count : null
  return (
    <Link
      href={path}
      aria-current={isActive ? 'page' : undefined}
      className={cx(className, isActive ? activeClassName : 'hover:bg-hover')}
    >
      <span className="relative">
        <Icon aria-hidden className="size-4 max-md:size-5" />
        {badge !== null && (
          <span className="absolute -top-2 left-3 rounded-full bg-accent px-1.5 text-2xs font-semibold text-on-accent md:hidden">
            {badge}
          </span>
        )}
      </span>
      <span>{label}</span>
      {badge !== null && (
        <span className="ml-auto rounded-full bg-accent px-1.5 text-2xs font-semibold text-on-accent max-md:sr-only">
          {badge} waiting
        </span>
      )}
    </Link>
  )
}
