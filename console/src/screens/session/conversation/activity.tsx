import { LoaderCircle } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Conversation } from '../../../../../src/client/index.ts'
import { formatDuration } from '../../../lib/format.ts'

/** Says what Claude is at. Screen readers hear when it begins and ends, not every second of it. */
export function Activity({ conversation: { state, turns } }: { conversation: Conversation }) {
  const turn = turns.findLast(({ status }) => status === 'running' || status === 'requires_action')
  const text =
    state === 'running' ? 'Claude is working' : state === 'requires_action' ? 'Claude waits for you' : ''
  return (
    <div className="flex h-8 items-center gap-2 text-xs text-muted">
      {state === 'running' && (
        <LoaderCircle aria-hidden className="size-3.5 text-accent motion-safe:animate-spin" />
      )}
      <span role="status">{text}</span>
      {state === 'running' && turn?.startedAt && <Elapsed since={turn.startedAt} />}
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
