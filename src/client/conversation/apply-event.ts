import type { SessionEvent } from '../event-stream.ts'
import { isTerminal } from '../follow.ts'
import type { ActivityEvent, EventPermissionRequested, TurnStatus, Usage } from '../generated-api.ts'
import { Batch } from './batch.ts'
import { addDelta, addMessage, dropPartials, markRewound, voidDelta } from './message-list.ts'
import type { Conversation, TurnView } from './state.ts'

/**
 * Returns the conversation after an event. It changes nothing: what an event does not touch is the same object as
 * before. Stored events that were applied already are ignored.
 */
export function applyEvent(before: Conversation, event: SessionEvent): Conversation {
  return applyEvents(before, [event])
}

/** The same for many events at once. The time for a long log grows with its length, not with its square. */
export function applyEvents(before: Conversation, events: Iterable<SessionEvent>): Conversation {
  const batch = new Batch()
  let after = before
  for (const event of events) after = apply(batch, after, event)
  if (after === before) return before
  const state = stateOf(after)
  return after.state === state ? after : { ...after, state }
}

function apply(batch: Batch, before: Conversation, event: SessionEvent): Conversation {
  const { sequence } = event.data as { sequence?: number }
  if (event.type === 'gap')
    return { ...before, gap: event.data, sequence: Math.max(before.sequence, event.data.to) }
  if (event.type === 'caught_up') return before
  if (sequence !== undefined && sequence <= before.sequence) return before
  const after = change(batch, before, event)
  return sequence === undefined ? after : { ...after, sequence }
}

function change(batch: Batch, before: Conversation, event: SessionEvent): Conversation {
  switch (event.type) {
    case 'session.created': {
      const { title, model, cwd, permissionMode } = event.data
      return { ...before, title, model, cwd, permissionMode }
    }
    case 'session.updated': {
      const { title, model, permissionMode, metadata, workingDirectory: cwd } = event.data
      return { ...before, ...definedOf({ title, model, permissionMode, metadata, cwd }) }
    }
    case 'session.expired':
      return { ...before, status: 'expired', requests: [], activity: [], suggestion: null }
    case 'session.ended':
      return { ...before, status: 'ended', requests: [], activity: [], suggestion: null }
    case 'session.rewound':
      return event.data.conversation ? rewind(before, new Set(event.data.turnIds)) : before
    case 'conversation.lost':
      return { ...before, lostTurnIds: [...new Set([...before.lostTurnIds, ...event.data.turnIds])] }
    case 'message':
      return withMessages(before, addMessage(batch, before.messages, event.data))
    case 'delta':
      return withMessages(before, addDelta(batch, before.messages, event.data))
    case 'delta.voided':
      return withMessages(before, voidDelta(batch, before.messages, event.data))
    case 'suggestion':
      return { ...before, suggestion: event.data.text }
    case 'reconnected':
      // The server sends the current activities again.
      return withMessages(withoutActivity(before), dropPartials(batch, before.messages))
    case 'activity':
      return withActivity(before, event.data)
    case 'permission.requested':
      return withRequests(batch, before, [...before.requests, event.data], event.data)
    case 'permission.resolved': {
      const left = before.requests.filter(({ permissionId }) => permissionId !== event.data.permissionId)
      return withRequests(batch, before, left, event.data)
    }
    case 'mentions.ignored': {
      const { turnId, mentions } = event.data
      return withTurn(batch, before, turnId, { ignoredMentions: mentions })
    }
    case 'turn.queued': {
      const { turnId, status, reason = null } = event.data
      return {
        ...withTurn(batch, before, turnId, { status, queuedFor: reason }),
        queue: [...before.queue, turnId],
        suggestion: null,
      }
    }
    case 'turn.started': {
      const { turnId, status, startedAt } = event.data
      return {
        ...withTurn(batch, before, turnId, { status, startedAt }),
        queue: without(before.queue, turnId),
      }
    }
    default:
      return isTerminal(event.type) ? endTurn(batch, before, event.data as TurnEnd) : before
  }
}

interface TurnEnd {
  turnId: string
  status: TurnStatus
  endedAt: string
  durationMs: number | null
  response?: string | null
  stopReason?: string | null
  error?: TurnView['error']
  notice?: string
  permissionDenials?: TurnView['permissionDenials']
  structuredOutput?: unknown
  usage?: Usage | null
  costUsd?: number | null
}

function endTurn(batch: Batch, before: Conversation, end: TurnEnd): Conversation {
  const { turnId, status, endedAt, durationMs } = end
  const { response = null, stopReason = null, error = null, usage = null, costUsd = null } = end
  const { notice = null, permissionDenials = [], structuredOutput } = end
  const answer = { response, stopReason, error, notice, permissionDenials, structuredOutput }
  const fields = { status, endedAt, durationMs, ...answer, usage, costUsd }
  return {
    ...withTurn(batch, withoutActivity(before, turnId), turnId, fields),
    messages: dropPartials(batch, before.messages, turnId),
    queue: without(before.queue, turnId),
    requests: before.requests.filter(request => request.turnId !== turnId),
    usage: usage === null ? before.usage : sum(before.usage, usage),
    costUsd: before.costUsd + (costUsd ?? 0),
  }
}

function withMessages(before: Conversation, messages: Conversation['messages']): Conversation {
  return messages === before.messages ? before : { ...before, messages }
}

function withActivity(before: Conversation, { turnId, activity }: ActivityEvent): Conversation {
  const index = before.activity.findIndex(({ id }) => id === activity.id)
  if (activity.kind === 'done') {
    return index === -1 ? before : { ...before, activity: before.activity.toSpliced(index, 1) }
  }
  const view = { ...activity, turnId }
  return {
    ...before,
    activity: index === -1 ? [...before.activity, view] : before.activity.with(index, view),
  }
}

/** @param turnId removes only what ends with this turn; its tasks can outlive it */
function withoutActivity(before: Conversation, turnId?: string): Conversation {
  const left = before.activity.filter(
    view =>
      turnId !== undefined && (view.turnId !== turnId || view.kind === 'task' || view.kind === 'subagent'),
  )
  return left.length === before.activity.length ? before : { ...before, activity: left }
}

function withTurn(
  batch: Batch,
  before: Conversation,
  turnId: string,
  fields: Partial<TurnView>,
): Conversation {
  const index = batch.placeOfTurn(before.turns, turnId)
  const turn = { ...(before.turns[index] ?? newTurn(turnId)), ...fields }
  return { ...before, turns: batch.with(before.turns, index === -1 ? before.turns.length : index, turn) }
}

function newTurn(turnId: string): TurnView {
  return {
    turnId,
    status: 'queued',
    response: null,
    stopReason: null,
    error: null,
    notice: null,
    permissionDenials: [],
    ignoredMentions: [],
    structuredOutput: undefined,
    queuedFor: null,
    usage: null,
    costUsd: null,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    isRewound: false,
  }
}

function withRequests(
  batch: Batch,
  before: Conversation,
  requests: readonly EventPermissionRequested[],
  { turnId }: EventPermissionRequested,
): Conversation {
  const after = { ...before, requests }
  const turn = before.turns.findLast(other => other.turnId === turnId)
  if (turn?.status !== 'running' && turn?.status !== 'requires_action') return after
  const isAsked = requests.some(request => request.turnId === turnId)
  return withTurn(batch, after, turn.turnId, { status: isAsked ? 'requires_action' : 'running' })
}

function rewind(before: Conversation, turnIds: ReadonlySet<string>): Conversation {
  const turns = before.turns.map(turn => (turnIds.has(turn.turnId) ? { ...turn, isRewound: true } : turn))
  return { ...before, turns, messages: markRewound(before.messages, turnIds), suggestion: null }
}

function stateOf({ status, turns, requests }: Conversation): Conversation['state'] {
  if (status !== 'active') return 'idle'
  if (requests.length > 0) return 'requires_action'
  return turns.some(turn => turn.status === 'running') ? 'running' : 'idle'
}

function sum(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadInputTokens: one.cacheReadInputTokens + other.cacheReadInputTokens,
    cacheCreationInputTokens: one.cacheCreationInputTokens + other.cacheCreationInputTokens,
  }
}

function without(queue: readonly string[], turnId: string): readonly string[] {
  return queue.filter(id => id !== turnId)
}

function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
