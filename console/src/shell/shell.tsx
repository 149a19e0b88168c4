import { lazy, type ReactNode, Suspense, useCallback, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { useFeed } from '../api/feed.ts'
import { onNotificationChosen } from '../api/push.ts'
import { useOpenRequestCount } from '../api/requests.ts'
import { useShortcut, useShortcutKeys } from '../lib/shortcuts.ts'
import { ErrorBoundary } from '../ui/error-boundary.tsx'
import { SkeletonLines } from '../ui/notices.tsx'
import { Sidebar, TabBar } from './navigation.tsx'
import { showCount } from './page.tsx'
import { useMayCreate, usePlaces } from './places.ts'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { usePaletteKey } from './use-palette-key.ts'

const Palette = lazy(() => import('./palette.tsx'))

/** The frame of every screen: navigation, palette, shortcuts, the count in the title. */
export function Shell({ children }: { children: ReactNode }) {
  const [place, navigate] = useLocation()
  /** null: not opened yet, and not loaded. */
  const [palette, setPalette] = useState<boolean | null>(null)
  const [sheet, setSheet] = useState(false)
  const count = useOpenRequestCount()
  const openPalette = useCallback(() => setPalette(true), [])
  useEffect(() => showCount(count), [count])
  useFeed()
  useEffect(() => onNotificationChosen(path => navigate(path)), [navigate])
  usePaletteKey(openPalette)
  useShortcutKeys()
  const places = usePlaces()
  const mayCreate = useMayCreate()
  const sees = (path: string) => places.some(place => place.path === path)
  useShortcut('g i', 'Open the inbox', 'Go to', () => navigate('/inbox'), sees('/inbox'))
  useShortcut('g s', 'Open the sessions', 'Go to', () => navigate('/sessions'), sees('/sessions'))
  useShortcut('g p', 'Open the presets', 'Go to', () => navigate('/presets'), sees('/presets'))
  useShortcut('g u', 'Open usage', 'Go to', () => navigate('/usage'), sees('/usage'))
  useShortcut('g v', 'Open the server', 'Go to', () => navigate('/server'))
  useShortcut('c', 'New session', 'Everywhere', () => navigate('/sessions/new'), mayCreate)
  useShortcut('?', 'Show keyboard shortcuts', 'Everywhere', () => setSheet(true))
  return (
    <div className="flex h-dvh">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <Sidebar onSearch={openPalette} onShortcuts={() => setSheet(true)} />
      <div className="flex min-w-0 flex-1 flex-col">
        <main id="main" tabIndex={-1} className="min-h-0 flex-1">
          <ErrorBoundary place={place}>
            <Suspense fallback={<SkeletonLines count={6} />}>{children}</Suspense>
          </ErrorBoundary>
        </main>
        <TabBar onSearch={openPalette} onShortcuts={() => setSheet(true)} />
      </div>
      {palette !== null && (
        <Suspense>
          <Palette open={palette} onOpenChange={setPalette} />
        </Suspense>
      )}
      <ShortcutSheet open={sheet} onOpenChange={setSheet} />
    </div>
  )
}
