import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useBoundSession, useMay } from '../api/login-context.tsx'
import { EmptyState } from '../ui/notices.tsx'
import { Page } from './page.tsx'

interface GuardProps {
  title: string
  /** One of these is enough. */
  scopes: readonly string[]
  /** Completes “Your key may not …”. */
  what: string
  /** Whether a key that opens one session alone is refused. */
  allSessions?: boolean
  children: ReactNode
}

/** A screen, or the reason why the person's key does not open it. */
export function Guard({ title, scopes, what, allSessions = false, children }: GuardProps) {
  const may = useMay(...scopes)
  const bound = useBoundSession()
  if (may && !(allSessions && bound !== null)) return children
  return (
    <Page title={title}>
      <EmptyState icon={<Lock />} title={`Your key may not ${what}`}>
        {may
          ? 'It opens one session alone. Log in with a key that opens all of them.'
          : `It has no scope ${scopes.join(' or ')}. Log in with a key that has it.`}
      </EmptyState>
    </Page>
  )
}
