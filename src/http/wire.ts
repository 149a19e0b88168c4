import type { ActivityEvent, SuggestionEvent } from '../contract/activity.ts'
import type { CompactMessage } from '../contract/compact-messages.ts'
import type { Task } from '../contract/conversation.ts'
import type { DeltaEvent, DeltaVoided, MessageEvent, SessionEvents } from '../contract/events.ts'
import type { ListMessagesResponse, StoredMessage } from '../contract/messages.ts'
import { toTimestamp } from '../contract/primitives.ts'
import { adviseTurnRetry, failureCodeOf } from '../contract/retry.ts'
import type { CreateSessionResponse, Session, SessionSummary } from '../contract/sessions.ts'
import type { Turn, TurnError, TurnFailure } from '../contract/turns.ts'
import { toJsonLine } from '../lib/json-line.ts'
import type { SessionView } from '../sessions/lifecycle/session-view.ts'
import { type MessageSummary, summaryOf } from '../sessions/log/message-summary.ts'
import { sharedJson } from '../sessions/log/shared-json.ts'
import type { MessageReader } from '../sessions/ports/index.ts'
import type {
  EventRecord,
  MessagePayload,
  MessageText,
  SessionRecord,
  TaskRecord,
  TurnRecord,
} from '../sessions/records.ts'
import { toDuration } from '../sessions/turns/turn-changes.ts'
import { toCompactParts } from './compact-message.ts'
import { toFrame } from './sse-stream.ts'

/** The one place where records become what the wire has: times as text, no field that is not in the contract. */

export function toCreatedSession(session: SessionRecord): CreateSessionResponse {
  return {
    sessionId: session.id,
    model: session.model,
    status: session.status,
    createdAt: toTimestamp(session.createdAt),
    expiresAt: toTimestamp(session.expiresAt),
    tenant: session.tenantId,
    createdBy: session.createdBy,
  }
}

export function toSessionSummary(view: SessionView): SessionSummary {
  return { ...toCommonFields(view), cwd: view.session.cwd, branch: branchOf(view.session) }
}

/** The fields that a summary and a whole session have in common. */
function toCommonFields({ session, digest, state }: SessionView) {
  const { lastTurn } = digest
  return {
    ...toCreatedSession(session),
    metadata: session.metadata,
    title: session.title,
    titleSource: session.titleSource,
    tags: session.tags,
    archived: session.archived,
    state,
    lastActivity: toTimestamp(session.lastActivityAt),
    costUsd: digest.costUsd,
    openRequests: digest.openRequests,
    lastTurn: lastTurn && {
      turnId: lastTurn.id,
      status: lastTurn.status,
      endedAt: orNull(lastTurn.endedAt),
    },
    forkedFrom: session.forkedFrom,
    preset:
      session.presetName === null || session.presetVersion === null
        ? null
        : { name: session.presetName, version: session.presetVersion },
  }
}

/** A clone has what was asked for, unless that is a commit. */
function branchOf({ workspace }: SessionRecord): string | null {
  if (workspace?.type === 'worktree') return workspace.branch
  if (workspace?.type !== 'git' || workspace.ref === null) return null
  return /^[0-9a-f]{7,64}$/.test(workspace.ref) ? null : workspace.ref
}

export function toSession(view: SessionView): Session {
  const { session } = view
  return {
    ...toCommonFields(view),
    backgroundTasks: view.backgroundTasks,
    messageCount: session.messageCount,
    config: {
      cwd: session.cwd,
      permissionMode: session.permissionMode,
      model: session.requestedModel,
      appendSystemPrompt: session.appendSystemPrompt,
      maxTurns: session.maxTurns,
      ...session.settings,
    },
    settingsInForce: view.settingsInForce,
    workspace: session.workspace ?? { type: 'directory', path: session.cwd },
    workingDirectory: session.workingDirectory ?? session.cwd,
    claudeSessionId: session.claudeSessionId,
    transcript: session.transcript,
    lastSequence: session.lastSequence,
  }
}

export function toTurn(turn: TurnRecord): Turn {
  return {
    turnId: turn.id,
    sessionId: turn.sessionId,
    status: turn.status,
    prompt: turn.prompt,
    ...(turn.commands && { commands: true }),
    response: turn.response,
    stopReason: turn.stopReason,
    error: turn.error && toTurnError(turn.error),
    usage: turn.usage,
    costUsd: turn.costUsd,
    modelUsage: turn.modelUsage,
    createdAt: toTimestamp(turn.createdAt),
    createdBy: turn.createdBy,
    startedAt: orNull(turn.startedAt),
    endedAt: orNull(turn.endedAt),
    durationMs: toDuration(turn),
    firstSequence: turn.firstSequence,
    lastSequence: turn.lastSequence,
    ...toFindings(turn),
    ...(turn.rewound && { rewound: true as const }),
  }
}

export function toTask(task: TaskRecord): Task {
  return {
    taskId: task.id,
    type: task.type,
    description: task.description,
    status: task.status,
    turnId: task.turnId,
    toolUseId: task.toolUseId,
    agent: task.agent,
    summary: task.summary,
    startedAt: toTimestamp(task.startedAt),
    endedAt: orNull(task.endedAt),
  }
}

/** Why a turn failed, with how to retry it; rows of earlier versions have a general code. */
function toTurnError(failure: TurnFailure): TurnError {
  const { reason, code } = failure
  return { ...failure, code: failureCodeOf(reason, code === 'AGENT_UNAVAILABLE'), ...adviseTurnRetry(reason) }
}

/** Fields that only some turns have. */
export function toFindings({ permissionDenials, structuredOutput, notice, ending }: TurnRecord) {
  return {
    ...(permissionDenials?.length && { permissionDenials }),
    ...(structuredOutput !== null && { structuredOutput }),
    ...(notice !== null && { notice }),
    ...(ending && { ending }),
  }
}

/** The JSON of a stored message: passed through where it is stored as text, composed where it is not. */
export function toStoredMessageJson(event: EventRecord, messages: MessageReader): string {
  const { text, sequence, turnId, rewound } = event
  if (!text) return toJsonLine(toStoredMessage(event, messages))
  const place = `"sequence":${sequence},"turnId":${JSON.stringify(turnId)}`
  return `{${text.summary},${place}${rewound ? ',"rewound":true' : ''},"content":${text.content}}`
}

/** A page of messages of which each is JSON already. */
export function toMessagePageJson(
  { sessionId, pagination }: Omit<ListMessagesResponse, 'messages'>,
  messages: Buffer,
): Buffer {
  const head = Buffer.from(`{"sessionId":${toJsonLine(sessionId)},"messages":[`)
  return Buffer.concat([head, messages, Buffer.from(`],"pagination":${toJsonLine(pagination)}}`)])
}

/** Composes the message of an event that was stored without its text. */
function toStoredMessage(event: EventRecord, messages: MessageReader): StoredMessage {
  return {
    ...toSummary(event, messages),
    sequence: event.sequence,
    turnId: event.turnId,
    ...(event.rewound && { rewound: true as const }),
    content: messageOf(event).message,
  }
}

/** Who wrote a message. */
export function sourceOf(event: EventRecord): MessageSummary['source'] {
  return event.text ? parseSummary(event.text).source : messageOf(event).source
}

function toSummary(event: EventRecord, messages: MessageReader): MessageSummary {
  return event.text ? parseSummary(event.text) : summaryOf(messageOf(event), event.at, messages)
}

function parseSummary({ summary }: MessageText): MessageSummary {
  return JSON.parse(`{${summary}}`)
}

/** The payload of an event of type `message`. */
export function messageOf(event: EventRecord): MessagePayload {
  return event.payload as unknown as MessagePayload
}

const frames = new WeakMap<object, Buffer>()
const compactFrames = new WeakMap<object, Buffer>()
const feedFrames = new WeakMap<object, Buffer>()

/** The event as it goes over every stream: made once, however many readers it has. */
export function toEventFrame(event: EventRecord, messages: MessageReader): Buffer {
  return shareFrame(frames, event, () =>
    toFrame({ event: event.type, id: event.sequence, json: toEventJson(event, messages) }),
  )
}

/** As `toEventFrame`, for the feed over all sessions, where an event has another id. */
export function toFeedFrame(event: EventRecord, position: number, messages: MessageReader): Buffer {
  return shareFrame(feedFrames, event, () =>
    toFrame({ event: event.type, id: position, json: toEventJson(event, messages) }),
  )
}

/** As `toEventFrame`, for the compact view; empty: there is nothing to read in it. */
export function toCompactFrame(event: EventRecord, messages: MessageReader): Buffer {
  if (event.type !== 'message') return toEventFrame(event, messages)
  return shareFrame(compactFrames, event, () => {
    const parts = toCompactParts(messages.read(contentOf(event)), sourceOf(event))
    if (!parts) return Buffer.alloc(0)
    const data = { type: 'compact_message' as const, ...toEnvelope(event), ...parts }
    return toFrame({ event: event.type, id: event.sequence, data: data satisfies MessageEvent })
  })
}

/** Returns the message in the compact view; undefined: there is nothing to read in it. */
export function toCompactMessage(event: EventRecord, messages: MessageReader): CompactMessage | undefined {
  const parts = toCompactParts(messages.read(contentOf(event)), sourceOf(event))
  return (
    parts && {
      id: toSummary(event, messages).id,
      sequence: event.sequence,
      timestamp: toTimestamp(event.at),
      turnId: event.turnId,
      ...parts,
      ...(event.rewound && { rewound: true as const }),
    }
  )
}

function contentOf(event: EventRecord): Record<string, unknown> {
  return event.text ? JSON.parse(event.text.content) : messageOf(event).message
}

export function toDeltaFrame(delta: DeltaEvent): Buffer {
  return shareFrame(frames, delta, () => toFrame({ event: 'delta', json: sharedJson(delta) }))
}

export function toVoidedFrame(voided: DeltaVoided): Buffer {
  return shareFrame(frames, voided, () => toFrame({ event: 'delta.voided', json: sharedJson(voided) }))
}

export function toActivityFrame(activity: ActivityEvent): Buffer {
  return shareFrame(frames, activity, () => toFrame({ event: 'activity', json: sharedJson(activity) }))
}

export function toSuggestionFrame(suggestion: SuggestionEvent): Buffer {
  return shareFrame(frames, suggestion, () => toFrame({ event: 'suggestion', json: sharedJson(suggestion) }))
}

function shareFrame(among: WeakMap<object, Buffer>, of: object, make: () => Buffer): Buffer {
  let frame = among.get(of)
  if (!frame) {
    frame = make()
    among.set(of, frame)
  }
  return frame
}

function toEnvelope({ sessionId, sequence, at, turnId }: EventRecord) {
  return { sessionId, sequence, timestamp: toTimestamp(at), ...(turnId !== null && { turnId }) }
}

/** An event's data as streams carry it. */
function toEventJson(event: EventRecord, messages: MessageReader): string {
  const envelope = toEnvelope(event)
  if (event.type !== 'message') {
    const { error } = event.payload as { error?: TurnFailure }
    const failure = error && { error: toTurnError(error) }
    return toJsonLine({ ...envelope, ...event.payload, ...failure } as SessionEvents[keyof SessionEvents])
  }
  const head = {
    type: 'claude_code_message',
    ...envelope,
    ...(toSummary(event, messages).synthetic && { synthetic: true as const }),
  } satisfies Omit<Extract<MessageEvent, { type: 'claude_code_message' }>, 'message'>
  // It is stored as text, or the log has made the text already, to know its size.
  const content = event.text?.content ?? sharedJson(messageOf(event).message)
  return `${JSON.stringify(head).slice(0, -1)},"message":${content}}`
}

function orNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toTimestamp(epochMs)
}
