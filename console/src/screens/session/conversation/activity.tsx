import { LoaderCircle } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Conversation } from '../../../../../src/client/index.ts'
import { countOf, formatDuration } from '../../../lib/format.ts'
import { describeTool } from '../../../tools/describe-call.ts'

type ActivityView = Conversation['activity'][number]

function describe(activity: ActivityView): string | null {
  switch (activity.kind) {
    case 'thinking':
      return activity.tokens > 0 ? `thinking, ${countOf(activity.tokens, 'token')}` : 'thinking'
    case 'retry':
      return `the model did not answer (${activity.httpStatus ?? activity.reason}), attempt ${activity.attempt} of ${activity.maxAttempts}`
    case 'compacting':
      return 'summarising the conversation'
    case 'tool':
      return `running ${describeTool(activity.toolName)}`
    default:
      return null
  }
}

/** Reports the work of Claude. Screen readers hear when it begins and ends, not every second of it. */
export function Activity({ conversation: { state, turns, activity } }: { conversation: Conversation }) {
  const turn = turns.findLast(({ status }) => status === 'running' || status === 'requires_action')
  const text =
    state === 'running' ? 'Claude is working' : state === 'requires_action' ? 'Claude waits for you' : ''
  const details = [...new Set(activity.map(describe))].filter(detail => detail !== null)
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-2 text-xs text-muted">
      {state === 'running' && (
        <LoaderCircle aria-hidden className="size-3.5 text-accent motion-safe:animate-spin" />
      )}
      <span role="status">{text}</span>
      {state === 'running' && turn?.startedAt && <Elapsed since={turn.startedAt} />}
      {state === 'running' && <bdi className="min-w-0 truncate">{details.join(' · ')}</bdi>}
    </div>
  )
}

function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000))
  return <span className="tabular-nums">{seconds < 1 ? '' : formatDuration(seconds * 1_000)}</span>
}
