import type { SessionState, SessionStatus } from '../../../src/client/index.ts'
import { cx } from '../lib/class-names.ts'
import { Badge, type Tone } from '../ui/small-parts.tsx'

interface Shown {
  status: SessionStatus
  state: SessionState
  lastTurn?: { status: string } | null
}

const failures = new Set(['failed', 'timed_out', 'lost'])

/** The state of a session in a word and a colour. */
export function describeState({ status, state, lastTurn }: Shown): { label: string; tone: Tone } {
  if (status !== 'active') return { label: status === 'ended' ? 'Ended' : 'Expired', tone: 'neutral' }
  if (state === 'requires_action') return { label: 'Needs you', tone: 'warn' }
  if (state === 'running') return { label: 'Running', tone: 'accent' }
  if (lastTurn && failures.has(lastTurn.status)) return { label: 'Failed', tone: 'bad' }
  return { label: 'Idle', tone: 'good' }
}

const dots: Record<Tone, string> = {
  neutral: 'border-line-strong border',
  accent: 'bg-accent',
  good: 'border-good border-2',
  warn: 'bg-warn',
  bad: 'bg-bad',
}

export function StateBadge({ session }: { session: Shown }) {
  const { label, tone } = describeState(session)
  return <Badge tone={tone}>{label}</Badge>
}

export function StateDot({ session }: { session: Shown }) {
  const { label, tone } = describeState(session)
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className={cx('size-2 shrink-0 rounded-full', dots[tone])}
    />
  )
}
