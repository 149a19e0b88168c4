import type { OperationInput } from '../contract/operations.ts'
import { pickSettings } from '../contract/session-settings.ts'
import type { Caller, NewEvent, SessionRecord } from './records.ts'
import type { SpareSpec } from './spare-agent.ts'

type CreateRequest = OperationInput<'createSession'>['body']

/** What the process of a session that is asked for would be started with. */
export function toWantedSpec({ tenantId }: Caller, request: CreateRequest, cwd: string): SpareSpec {
  return {
    tenantId,
    cwd,
    model: request.model ?? null,
    permissionMode: request.permissionMode,
    appendSystemPrompt: request.appendSystemPrompt ?? null,
    maxTurns: request.maxTurns ?? null,
    settings: pickSettings(request),
    remembered: [],
  }
}

/** @param id the session's, and that of its conversation until Claude Code says otherwise */
export function newSession(
  caller: Caller,
  request: CreateRequest,
  { model, ...spec }: SpareSpec,
  id: string,
  sessionTimeoutMs: number,
): SessionRecord {
  const now = Date.now()
  return {
    ...spec,
    id,
    createdBy: caller.keyId,
    status: 'active',
    title: request.title ?? null,
    metadata: request.metadata ?? {},
    requestedModel: model,
    model,
    claudeSessionId: id,
    conversationStarted: false,
    createdAt: now,
    lastActivityAt: now,
    expiresAt: now + sessionTimeoutMs,
    endedAt: null,
    transcript: 'complete',
    lastSequence: 0,
    messageCount: 0,
  }
}

export function toCreatedEvent({ model, cwd, permissionMode, title }: SessionRecord): NewEvent {
  return { type: 'session.created', turnId: null, payload: { model, cwd, permissionMode, title } }
}
