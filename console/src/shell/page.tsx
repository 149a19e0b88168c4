import { type ReactNode, useEffect } from 'react'
import { ScrollRegion } from '../ui/scroll-region.tsx'

interface PageProps {
  title: string
  /** Stands beside the title, such as a state. */
  aside?: ReactNode
  actions?: ReactNode
  /** A second line of the header, such as filters or tabs. */
  below?: ReactNode
  /** Whether the content scrolls by itself, such as a virtual list. */
  fixed?: boolean
  children: ReactNode
}

const product = 'Claude Code console'
let waiting = 0
let shownTitle = product

function writeTitle(): void {
  document.title = waiting > 0 ? `(${waiting}) ${shownTitle}` : shownTitle
}

/** Shows the number of open requests in the window's title and on the icon of an installed page. */
export function showCount(count: number): void {
  waiting = count
  writeTitle()
  // Only installed pages have a badge, and not in all browsers.
  if ('setAppBadge' in navigator) navigator.setAppBadge(count).catch(() => {})
}

/** A screen: its header and its content. */
export function Page({ title, aside, actions, below, fixed, children }: PageProps) {
  useEffect(() => {
    shownTitle = `${title} · ${product}`
    writeTitle()
  }, [title])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="border-b border-line bg-canvas px-4 pt-[max(0.5rem,env(safe-area-inset-top))]">
        <div className="flex min-h-10 items-center gap-2 pb-2">
          <h1 className="min-w-0 truncate text-base font-semibold" title={title}>
            <bdi>{title}</bdi>
          </h1>
          {aside}
          <div className="ml-auto flex shrink-0 items-center gap-1">{actions}</div>
        </div>
        {below}
      </header>
      {fixed ? (
        <div className="flex min-h-0 flex-1 flex-col">{children}</div>
      ) : (
        <ScrollRegion label={title} className="min-h-0 flex-1">
          {children}
        </ScrollRegion>
      )}
    </div>
  )
}
