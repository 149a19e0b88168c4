import { CircleUser, Menu, Plus, Search } from 'lucide-react'
import { Link, useLocation } from 'wouter'
import { useLogin } from '../api/login-context.tsx'
import { useOpenRequestCount } from '../api/requests.ts'
import { bottomBar } from '../lib/bottom-bars.ts'
import { cx } from '../lib/class-names.ts'
import { revealText } from '../lib/revealed-text.ts'
import { buttonClasses } from '../ui/button.tsx'
import { Kbd } from '../ui/small-parts.tsx'
import { PersonMenu } from './person-menu.tsx'
import { type Place, useMayCreate, usePlaces } from './places.ts'
import { RecentSessions } from './recent-sessions.tsx'

interface NavigationProps {
  onSearch: () => void
  onShortcuts: () => void
}

const sideClasses = 'target flex h-8 items-center gap-2 rounded-md px-2'

/** The side of a wide window. */
export function Sidebar({ onSearch, onShortcuts }: NavigationProps) {
  const { caller } = useLogin()
  const places = usePlaces()
  const mayCreate = useMayCreate()
  return (
    <nav aria-label="Main" className="hidden w-60 shrink-0 flex-col border-r border-line bg-surface md:flex">
      <div className="flex flex-col gap-2 p-3">
        {mayCreate && (
          <Link href="/sessions/new" className={buttonClasses('primary')}>
            <Plus aria-hidden className="size-4" />
            New session
          </Link>
        )}
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
            <PlaceLink
              {...place}
              className={sideClasses}
              activeClassName={`${sideClasses} bg-hover font-medium`}
            />
          </li>
        ))}
      </ul>
      <RecentSessions />
      <div className="mt-auto border-t border-line p-2">
        <PersonMenu
          onShortcuts={onShortcuts}
          trigger={
            <button
              type="button"
              className="target flex h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover"
            >
              <CircleUser aria-hidden className="size-4 shrink-0" />
              <bdi className="truncate">{revealText(caller.name ?? caller.keyId)}</bdi>
            </button>
          }
        />
      </div>
    </nav>
  )
}

const tabClasses = 'flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-2xs'

/** The bottom of a phone. */
export function TabBar({ onSearch, onShortcuts }: NavigationProps) {
  const places = usePlaces()
  return (
    <nav
      ref={bottomBar}
      aria-label="Main"
      className="flex shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {places.map(place => (
        <PlaceLink
          key={place.path}
          {...place}
          className={`${tabClasses} text-muted`}
          activeClassName={`${tabClasses} font-medium text-accent-strong`}
        />
      ))}
      <PersonMenu
        onSearch={onSearch}
        onShortcuts={onShortcuts}
        trigger={
          <button type="button" className={`${tabClasses} text-muted`}>
            <Menu aria-hidden className="size-5" />
            Menu
          </button>
        }
      />
    </nav>
  )
}

interface PlaceLinkProps extends Place {
  className: string
  activeClassName: string
}

function PlaceLink({ path, label, icon: Icon, className, activeClassName }: PlaceLinkProps) {
  const [location] = useLocation()
  const count = useOpenRequestCount()
  const isActive = location === path || location.startsWith(`${path}/`)
  const badge = path === '/inbox' && count > 0 ? count : null
  return (
    <Link
      href={path}
      aria-current={isActive ? 'page' : undefined}
      className={isActive ? activeClassName : cx(className, 'hover:bg-hover')}
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
