import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { Redirect, Route, Router, Switch } from 'wouter'
import { mount } from './api/connection.ts'
import { LoginGate } from './api/login-context.tsx'
import { queries } from './api/query-client.ts'
import { useTheme } from './lib/theme.ts'
import { aroundNavigation } from './lib/unsaved.ts'
import { DeferredRendered } from './markdown/deferred-rendered.ts'
import { LoginScreen } from './screens/login/login-screen.tsx'
import { OfferedLogin } from './screens/login/offered-login.tsx'
import { Guard } from './shell/guard.tsx'
import { LeaveDialog } from './shell/leave-dialog.tsx'
import { Page } from './shell/page.tsx'
import { useHome } from './shell/places.ts'
import { Shell } from './shell/shell.tsx'
import { deferred } from './ui/deferred.tsx'
import { ErrorBoundary } from './ui/error-boundary.tsx'
import { EmptyState, SkeletonLines } from './ui/notices.tsx'
import { Toasts } from './ui/toasts.tsx'

const InboxScreen = deferred(() => import('./screens/inbox/inbox-screen.tsx'))
const SessionsScreen = deferred(() => import('./screens/sessions/sessions-screen.tsx'))
const NewSessionScreen = deferred(() => import('./screens/sessions/new-session-screen.tsx'))
const SessionScreen = deferred(() => import('./screens/session/session-screen.tsx'))
const PresetsScreen = deferred(() => import('./screens/presets/presets-screen.tsx'))
const UsageScreen = deferred(() => import('./screens/usage/usage-screen.tsx'))
const ServerScreen = deferred(() => import('./screens/server/server-screen.tsx'))

/** Begins to load what the page's address needs, while the server is asked who is logged in. */
export function loadAhead(): void {
  const [, place, sessionId] = location.pathname.slice(mount.length).split('/')
  if (place === 'inbox') InboxScreen.loadAhead()
  if (place === 'sessions' && !sessionId) SessionsScreen.loadAhead()
  if (place === 'sessions' && sessionId && sessionId !== 'new') {
    SessionScreen.loadAhead()
    DeferredRendered.loadAhead()
  }
}

export function App() {
  useTheme()
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <ErrorBoundary place="">
          <Router base={mount} aroundNav={aroundNavigation}>
            <LoginGate loading={<SkeletonLines count={6} />} form={form => <LoginScreen {...form} />}>
              <OfferedLogin />
              <Shell>
                <Routes />
              </Shell>
              <LeaveDialog />
            </LoginGate>
          </Router>
        </ErrorBoundary>
        <Toasts />
      </QueryClientProvider>
    </CSPProvider>
  )
}

function Routes() {
  const home = useHome()
  return (
    <Switch>
      <Route path="/">
        <Redirect to={home} replace />
      </Route>
      <Route path="/inbox/:permissionId?">
        <Guard title="Inbox" scopes={['permissions:answer', 'sessions:read']} what="see requests">
          <InboxScreen />
        </Guard>
      </Route>
      <Route path="/sessions">
        <Guard title="Sessions" scopes={['sessions:read']} what="read sessions">
          <SessionsScreen />
        </Guard>
      </Route>
      <Route path="/sessions/new">
        <Guard title="New session" scopes={['sessions:write']} what="create sessions" allSessions>
          <NewSessionScreen />
        </Guard>
      </Route>
      <Route path="/sessions/:sessionId/*?">
        {({ sessionId }) => (
          <Guard title="Session" scopes={['sessions:read']} what="read sessions">
            <SessionScreen key={sessionId} sessionId={sessionId} />
          </Guard>
        )}
      </Route>
      <Route path="/presets/*?">
        <Guard
          title="Presets"
          scopes={['sessions:read', 'sessions:write', 'admin']}
          what="see presets"
          allSessions
        >
          <PresetsScreen />
        </Guard>
      </Route>
      <Route path="/usage">
        <Guard title="Usage" scopes={['usage:read']} what="read usage" allSessions>
          <UsageScreen />
        </Guard>
      </Route>
      <Route path="/server/*?" component={ServerScreen} />
      <Route>
        <Page title="Not found">
          <EmptyState title="There is nothing at this address">Choose a place in the navigation.</EmptyState>
        </Page>
      </Route>
    </Switch>
  )
}
