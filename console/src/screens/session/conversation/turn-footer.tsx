import { Ellipsis, GitFork, Link as LinkIcon, RotateCcw, Undo2 } from 'lucide-react'
import { memo, useState } from 'react'
import type { TurnStatus, TurnView } from '../../../../../src/client/index.ts'
import { client, mount } from '../../../api/connection.ts'
import { useMay } from '../../../api/login-context.tsx'
import { CodeBlock } from '../../../code/code-block.tsx'
import { OutputBlock } from '../../../code/output-block.tsx'
import { countOf, formatCost, formatDuration } from '../../../lib/format.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Menu, MenuItem } from '../../../ui/menu.tsx'
import { Age, Badge, CopyButton, type Tone } from '../../../ui/small-parts.tsx'
import { say, sayError } from '../../../ui/toasts.tsx'
import { useFork } from '../use-fork.ts'
import { RewindDialog } from './rewind-dialog.tsx'
import { TurnError } from './turn-error.tsx'

const outcomes: Partial<Record<TurnStatus, { label: string; tone: Tone }>> = {
  failed: { label: 'Failed', tone: 'bad' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
  timed_out: { label: 'Timed out', tone: 'bad' },
  lost: { label: 'Lost', tone: 'bad' },
}

interface TurnFooterProps {
  sessionId: string
  turn: TurnView
  /** Whether the session takes prompts, so that a turn can be run again or rewound. */
  isActive: boolean
  isTarget: boolean
}

/** How a turn has ended and what it took, and what can be done from here. */
export const TurnFooter = memo(function TurnFooter({ sessionId, turn, isActive, isTarget }: TurnFooterProps) {
  const { status, durationMs, costUsd, usage, endedAt, response, error, notice, structuredOutput } = turn
  const denied = turn.permissionDenials.length
  const outcome = outcomes[status]
  const tokens = usage && usage.inputTokens + usage.outputTokens
  return (
    <div
      aria-current={isTarget ? 'location' : undefined}
      className={isTarget ? 'rounded-md outline-2 outline-offset-2 outline-accent' : undefined}
    >
      {error && (
        <TurnError error={error} notice={notice}>
          {isActive && error.retryable && <Retry sessionId={sessionId} turn={turn} />}
        </TurnError>
      )}
      {notice !== null && !error && <OutputBlock text={notice} name="Notice" />}
      {structuredOutput != null && (
        <CodeBlock code={JSON.stringify(structuredOutput, null, 2)} language="json" label="Answer as data" />
      )}
      <div className="flex flex-wrap items-center gap-x-3 text-xs text-muted">
        {denied > 0 && <span>{countOf(denied, 'call')} denied</span>}
        {outcome && <Badge tone={outcome.tone}>{outcome.label}</Badge>}
        {endedAt !== null && <Age of={endedAt} />}
        {durationMs !== null && <span className="tabular-nums">{formatDuration(durationMs)}</span>}
        {tokens !== null && <span className="tabular-nums">{countOf(tokens, 'token')}</span>}
        {costUsd !== null && <span className="tabular-nums">{formatCost(costUsd)}</span>}
        <span className="ml-auto flex items-center">
          {response !== null && <CopyButton text={response} label="Copy answer" />}
          <TurnActions sessionId={sessionId} turn={turn} isActive={isActive} />
        </span>
      </div>
    </div>
  )
})

type ActionsProps = Pick<TurnFooterProps, 'sessionId' | 'turn' | 'isActive'>

function TurnActions({ sessionId, turn: { turnId, isRewound }, isActive }: ActionsProps) {
  const mayWrite = useMay('sessions:write')
  const { mayFork, fork } = useFork(sessionId)
  const [isRewinding, setRewinding] = useState(false)
  const path = `/sessions/${sessionId}/turns/${turnId}`
  const copyLink = () =>
    navigator.clipboard.writeText(location.origin + mount + path).then(() => say('Link copied'), sayError)
  return (
    <>
      <Menu
        trigger={
          <IconButton label="Turn actions" size="small">
            <Ellipsis aria-hidden className="size-3.5" />
          </IconButton>
        }
      >
        <MenuItem icon={<LinkIcon aria-hidden />} onSelect={copyLink}>
          Copy link to this turn
        </MenuItem>
        {mayFork && !isRewound && (
          <MenuItem icon={<GitFork aria-hidden />} onSelect={() => fork(turnId)}>
            Fork after this turn
          </MenuItem>
        )}
        {mayWrite && isActive && !isRewound && (
          <MenuItem icon={<Undo2 aria-hidden />} onSelect={() => setRewinding(true)}>
            Rewind to before this turn
          </MenuItem>
        )}
      </Menu>
      {isRewinding && (
        <RewindDialog sessionId={sessionId} turnId={turnId} onClose={() => setRewinding(false)} />
      )}
    </>
  )
}

function Retry({ sessionId, turn: { turnId } }: Pick<TurnFooterProps, 'sessionId' | 'turn'>) {
  const mayWrite = useMay('sessions:write')
  const [busy, setBusy] = useState(false)
  const retry = async () => {
    setBusy(true)
    try {
      await client.call('retryTurn', { params: { sessionId, turnId }, body: { background: true } })
    } catch (error) {
      sayError(error)
    } finally {
      setBusy(false)
    }
  }
  if (!mayWrite) return null
  return (
    <Button size="small" busy={busy} onClick={retry}>
      <RotateCcw aria-hidden className="size-3.5" /> Run again
    </Button>
  )
}
