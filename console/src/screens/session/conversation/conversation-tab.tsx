import { useEffect, useEffectEvent, useState } from 'react'
import { reopen, useConversation } from '../../../api/conversation.ts'
import { useSession } from '../../../api/sessions.ts'
import { formatCount } from '../../../lib/format.ts'
import { RequestCard } from '../../../parts/requests/request-card.tsx'
import { Button } from '../../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { sayError } from '../../../ui/toasts.tsx'
import { Composer } from '../composer/composer.tsx'
import { Activity } from './activity.tsx'
import { BackgroundTasks } from './background-tasks.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { MessageList } from './message-list.tsx'
import { MessageRow } from './message-row.tsx'
import { Queue } from './queue.tsx'
import { type Row, toRows } from './rows.ts'
import { TurnFooter } from './turn-footer.tsx'

interface ConversationTabProps {
  sessionId: string
  /** The turn that the page's address names. */
  turnId?: string
}

/** The conversation, live, and the field for the next prompt. */
export default function ConversationTab({ sessionId, turnId }: ConversationTabProps) {
  const { conversation, phase, error, hasOlder, isLoadingOlder, isPrepend, loadOlder } =
    useConversation(sessionId)
  const { data: session } = useSession(sessionId)
  const [openFolds, setOpenFolds] = useState<ReadonlySet<string>>(new Set())
  const rows = toRows(conversation, openFolds)
  const target = turnId === undefined ? null : `turn ${turnId}`
  const isMissing = target !== null && phase !== 'loading' && !rows.some(({ key }) => key === target)
  const load = () => loadOlder().catch(sayError)

  // A link leads to a turn that may be further back than what was read.
  const onMissing = useEffectEvent(() => load())
  useEffect(() => {
    if (isMissing && hasOlder && !isLoadingOlder) onMissing()
  }, [isMissing, hasOlder, isLoadingOlder])

  if (phase === 'loading') return <SkeletonLines count={6} label="Loading the conversation" />
  if (phase === 'failed') {
    return (
      <div className="p-4">
        <ErrorNotice error={error} onRetry={() => reopen(sessionId)} />
      </div>
    )
  }

  const isActive = session?.status === 'active' && conversation.status === 'active'
  const running = new Set(
    conversation.turns
      .filter(({ status }) => status === 'running' || status === 'requires_action')
      .map(turn => turn.turnId),
  )
  const toggleFold = (key: string) =>
    setOpenFolds(before => {
      const after = new Set(before)
      if (!after.delete(key)) after.add(key)
      return after
    })
  const renderRow = (row: Row) => {
    if (row.kind === 'message') {
      const { message } = row
      return (
        <MessageRow message={message} isRunning={message.turnId === null || running.has(message.turnId)} />
      )
    }
    if (row.kind === 'turn') {
      return (
        <TurnFooter sessionId={sessionId} turn={row.turn} isActive={isActive} isTarget={row.key === target} />
      )
    }
    return (
      <Button size="small" variant="ghost" aria-expanded={row.isOpen} onClick={() => toggleFold(row.key)}>
        {row.isOpen ? 'Fold' : 'Show'} what was rewound, {formatCount(row.count)} messages
      </Button>
    )
  }
  const { gap, lostTurnIds } = conversation
  return (
    <>
      <ConnectionNotice phase={phase} />
      <h2 className="sr-only">Conversation</h2>
      <MessageList
        rows={rows}
        isPrepend={isPrepend}
        target={target}
        onNearTop={() => hasOlder && load()}
        renderRow={renderRow}
        top={
          isLoadingOlder
            ? 'Loading older messages'
            : hasOlder
              ? null
              : gap &&
                `Older messages were removed: events ${formatCount(gap.from)} to ${formatCount(gap.to)}`
        }
      >
        {rows.length === 0 && (
          <EmptyState title="Nothing was said yet">Write below what Claude should do.</EmptyState>
        )}
        {lostTurnIds.length > 0 && (
          <p className="py-2 text-xs text-warn">
            Claude no longer knows {formatCount(lostTurnIds.length)} turns of this conversation.
          </p>
        )}
        <div className="flex flex-col gap-3">
          {conversation.requests.map(request => (
            <RequestCard key={request.permissionId} request={request} />
          ))}
        </div>
        <Activity conversation={conversation} />
      </MessageList>
      <div className="border-t border-line bg-canvas">
        <div className="mx-auto max-w-3xl px-3 sm:px-4">
          <BackgroundTasks sessionId={sessionId} count={session?.backgroundTasks ?? 0} />
          <Queue sessionId={sessionId} turnIds={conversation.queue} />
          {session && <Composer session={session} conversation={conversation} />}
        </div>
      </div>
    </>
  )
}
