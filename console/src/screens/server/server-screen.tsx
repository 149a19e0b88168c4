import { Lock } from 'lucide-react'
import { lazy } from 'react'
import { Link, useLocation } from 'wouter'
import { useBoundSession, useLogin, useMay } from '../../api/login-context.tsx'
import { cx } from '../../lib/class-names.ts'
import { Page } from '../../shell/page.tsx'
import { EmptyState } from '../../ui/notices.tsx'
import { Overview } from './overview.tsx'

const KeysTab = lazy(() => import('./keys/keys-tab.tsx'))
const AuditTab = lazy(() => import('./audit-tab.tsx'))

const tabs = [
  { path: '/server', label: 'Overview', content: Overview },
  { path: '/server/keys', label: 'Keys', content: KeysTab },
  { path: '/server/audit', label: 'Audit log', content: AuditTab },
]

/** The state of the server and, for those who administer it, its keys and its audit log. */
export default function ServerScreen() {
  const [location] = useLocation()
  const { login } = useLogin()
  const hasScope = useMay('admin')
  const bound = useBoundSession()
  const isAdmin = hasScope && bound === null
  const shown = tabs.filter(({ path }) => {
    if (path === '/server') return true
    // Where the application around the server knows its users, there are no keys.
    return isAdmin && (path !== '/server/keys' || login !== 'host')
  })
  const wanted = tabs.find(({ path }) => path === location)
  const { content: Content = Overview } = shown.find(tab => tab === wanted) ?? {}
  return (
    <Page
      title="Server"
      below={
        shown.length > 1 && (
          <nav aria-label="Parts of the server" className="flex gap-4">
            {shown.map(({ path, label }) => (
              <Link
                key={path}
                href={path}
                aria-current={path === location ? 'page' : undefined}
                className={cx(
                  'target -mb-px flex items-center border-b-2 pb-2',
                  path === location
                    ? 'border-accent font-medium'
                    : 'border-transparent text-muted hover:text-ink',
                )}
              >
                {label}
              </Link>
            ))}
          </nav>
        )
      }
    >
      {wanted && !shown.includes(wanted) ? (
        <EmptyState icon={<Lock />} title={`Your key may not see ${wanted.label.toLowerCase()} here`}>
          {isAdmin
            ? 'The application around this server administers its users.'
            : hasScope
              ? 'It opens one session alone. Log in with a key that opens all of them.'
              : 'It has no scope admin. Log in with a key that has it.'}
        </EmptyState>
      ) : (
        <Content />
      )}
    </Page>
  )
}
