import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy } from 'react'
import { Redirect, Route, Router, Switch } from 'wouter'
import { mount } from './api/connection.ts'
import { LoginGate } from './api/login-context.tsx'
import { queries } from './api/query-client.ts'
import { useTheme } from './lib/theme.ts'
import { LoginScreen } from './screens/login/login-screen.tsx'
import { Shell } from './shell/shell.tsx'
import { EmptyState, SkeletonLines } from './ui/notices.tsx'
import { Toasts } from './ui/toasts.tsx'

const InboxScreen = lazy(() => import('./screens/inbox/inbox-screen.tsx'))
const SessionsScreen = lazy(() => import('./screens/sessions/sessions-screen.tsx'))
const NewSessionScreen = lazy(() => import('./screens/sessions/new-session-screen.tsx'))
const SessionScreen = lazy(() => import('./screens/session/session-screen.tsx'))
const UsageScreen = lazy(() => import('./screens/usage/usage-screen.tsx'))
const ServerScreen = lazy(() => import('./screens/server/server-screen.tsx'))

export function App() {
  useTheme()
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Router base={mount}>
          <LoginGate
            loading={<SkeletonLines count={6} />}
            form={(cause, onLogin) => <LoginScreen cause={cause} onLogin={onLogin} />}
          >
            <Shell>
              <Routes />
            </Shell>
          </LoginGate>
        </Router>
        <Toasts />
      </QueryClientProvider>
    </CSPProvider>
  )
}

function Routes() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/sessions" replace />
      </Route>
      <Route path="/inbox/:permissionId?" component={InboxScreen} />
      <Route path="/sessions" component={SessionsScreen} />
      <Route path="/sessions/new" component={NewSessionScreen} />
      <Route path="/sessions/:sessionId/*?">
        {({ sessionId }) => <SessionScreen key={sessionId} sessionId={sessionId} />}
      </Route>
      <Route path="/usage" component={UsageScreen} />
      <Route path="/server/*?" component={ServerScreen} />
      <Route>
        <EmptyState title="There is nothing at this address">Choose a place in the navigation.</EmptyState>
      </Route>
    </Switch>
  )
}
