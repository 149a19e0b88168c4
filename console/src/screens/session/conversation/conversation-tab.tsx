import { useState } from 'react'
import { reopen, useConversation } from '../../../api/conversation.ts'
import { useSession } from '../../../api/sessions.ts'
import { bottomBar } from '../../../lib/bottom-bars.ts'
import { countOf, formatCount } from '../../../lib/format.ts'
import { RequestCard } from '../../../parts/requests/request-card.tsx'
import { Button } from '../../../ui/button.tsx'
import { EmptyState, ErrorNotice, SkeletonLines } from '../../../ui/notices.tsx'
import { sayError } from '../../../ui/toasts.tsx'
import { Composer } from '../composer/composer.tsx'
import { useAttachments } from '../composer/use-attachments.ts'
import { Activity } from './activity.tsx'
import { AskedCalls, useAskedCalls } from './asked-calls.ts'
import { BackgroundTasks } from './background-tasks.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { LinkNotice } from './link-notice.tsx'
import { MessageList } from './message-list.tsx'
import { MessageRow } from './message-row.tsx'
import { OutgoingPrompts, useOutgoing } from './outgoing.tsx'
import { Queue } from './queue.tsx'
import { findTurn, type Row, toRows } from './rows.ts'
import { TurnFooter } from './turn-footer.tsx'
import { useLinkedTurn } from './use-linked-turn.ts'

interface ConversationTabProps {
  sessionId: string
  /** The turn that the page's address names. */
  turnId?: string
}

/** The conversation, live, and the field for the next prompt. */
export default function ConversationTab({ sessionId, turnId }: ConversationTabProps) {
  const { conversation, phase, error, hasOlder, isLoadingOlder, isPrepend, loadOlder, loadBackTo } =
    useConversation(sessionId)
  const { data: session } = useSession(sessionId)
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const rows = toRows(conversation, toggled, turnId)
  const isReady = phase !== 'loading' && phase !== 'failed'
  const linked = useLinkedTurn({ sessionId, turnId, isReady, loadBackTo })
  const target = linked.data ? findTurn(rows, linked.data.turnId) : null
  // Stays found when a person folds it away.
  const [isFound, setFound] = useState(false)
  if (target !== null && !isFound) setFound(true)
  const beginsAtEnd = turnId === undefined || linked.isError || (linked.isSuccess && !isFound)
  const askedCalls = useAskedCalls(conversation)
  const attachments = useAttachments(sessionId)
  const outgoing = useOutgoing(sessionId, conversation)

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
  // Messages of no turn are of tasks in the background, or of Claude after they have ended.
  const isWorking = isActive && (session.state === 'running' || session.backgroundTasks > 0)
  const toggleFold = (key: string) =>
    setToggled(before => {
      const after = new Set(before)
      if (!after.delete(key)) after.add(key)
      return after
    })
  const renderRow = (row: Row) => {
    if (row.kind === 'message') {
      const { turnId: ofTurn } = row.message
      return (
        <MessageRow
          sessionId={sessionId}
          message={row.message}
          ignoredMentions={row.ignoredMentions}
          isRunning={ofTurn === null ? isWorking : running.has(ofTurn)}
          isTarget={row.key === target}
        />
      )
    }
    if (row.kind === 'turn') {
      return (
        <TurnFooter sessionId={sessionId} turn={row.turn} isActive={isActive} isTarget={row.key === target} />
      )
    }
    return (
      <Button size="small" variant="ghost" aria-expanded={row.isOpen} onClick={() => toggleFold(row.key)}>
        {row.isOpen ? 'Fold' : 'Show'} what was rewound, {countOf(row.count, 'message')}
      </Button>
    )
  }
  const { gap, lostTurnIds } = conversation
  return (
    <AskedCalls value={askedCalls}>
      <ConnectionNotice phase={phase} />
      {turnId !== undefined && <LinkNotice linked={linked} isFound={isFound} />}
      <h2 className="sr-only">Conversation</h2>
      <MessageList
        // Of a link that leads nowhere, the end is shown.
        key={beginsAtEnd ? 'end' : 'turn'}
        rows={rows}
        isPrepend={isPrepend}
        beginsAtEnd={beginsAtEnd}
        target={target}
        sent={outgoing.at(-1)?.key ?? null}
        onNearTop={() => hasOlder && loadOlder().catch(sayError)}
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
        {rows.length === 0 && outgoing.length === 0 && (
          <EmptyState title="Nothing was said yet">Write below what Claude should do.</EmptyState>
        )}
        {lostTurnIds.length > 0 && (
          <p className="py-2 text-xs text-warn">
            Claude no longer knows {countOf(lostTurnIds.length, 'turn')} of this conversation.
          </p>
        )}
        <div className="flex flex-col gap-3">
          {conversation.requests.map(request => (
            <RequestCard key={request.permissionId} request={request} />
          ))}
        </div>
        <OutgoingPrompts
          sessionId={sessionId}
          prompts={outgoing}
          onEdit={({ files }) => attachments.restore(files)}
        />
        <Activity conversation={conversation} />
      </MessageList>
      <div ref={bottomBar} className="border-t border-line bg-canvas pr-(--scrollbar)">
        <div className="mx-auto max-w-3xl px-3 sm:px-4">
          <BackgroundTasks sessionId={sessionId} count={session?.backgroundTasks ?? 0} />
          <Queue sessionId={sessionId} turnIds={conversation.queue} />
          {session && <Composer session={session} conversation={conversation} attachments={attachments} />}
        </div>
      </div>
    </AskedCalls>
  )
}
