import { pickSettings } from '../../contract/session-settings.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { PlainSpec } from '../processes/launch-spec.ts'
import type { Caller, NewEvent, SessionRecord } from '../records.ts'
import { sealSettings } from '../settings/secrets.ts'
import type { WantedSession } from './wanted-session.ts'

/** A session that a request has led to. */
export interface CreatedSession {
  session: SessionRecord
  /** Whether an earlier request with the same idempotency key created it. */
  replayed: boolean
}

type Title = Pick<SessionRecord, 'title' | 'titleSource'>

/** A title as a caller gives it. */
export function givenTitle(title: string | null): Title {
  return { title, titleSource: title === null ? null : 'caller' }
}

export function titleOf({ title, titleSource }: SessionRecord): Title {
  return { title, titleSource }
}

/** Returns the specification of the requested session's process, except for the instructions of its directories. */
export function toWantedSpec(
  { tenantId }: Pick<Caller, 'tenantId'>,
  request: WantedSession,
  cwd: string,
): PlainSpec {
  return {
    tenantId,
    cwd,
    model: request.model ?? null,
    permissionMode: request.permissionMode,
    appendSystemPrompt: request.appendSystemPrompt ?? null,
    maxTurns: request.maxTurns ?? null,
    settings: pickSettings(request),
    remembered: [],
    workingDirectory: null,
  }
}

/** @param id the session's, and that of its conversation until Claude Code says otherwise */
export function newSession(
  caller: Caller,
  request: WantedSession,
  { model, ...spec }: PlainSpec,
  id: string,
  sessionTimeoutMs: number,
  sealer: Sealer,
): SessionRecord {
  const now = Date.now()
  return {
    ...spec,
    workspace: null,
    ...sealSettings(spec.settings, spec.tenantId, sealer),
    id,
    createdBy: caller.keyId,
    status: 'active',
    ...givenTitle(request.title ?? null),
    metadata: request.metadata ?? {},
    tags: request.tags ?? [],
    archived: false,
    requestedModel: model,
    model,
    claudeSessionId: id,
    conversationStarted: false,
    createdAt: now,
    lastActivityAt: now,
    expiresAt: now + sessionTimeoutMs,
    endedAt: null,
    transcript: 'complete',
    settingsInForce: null,
    snapshot: null,
    forkedFrom: null,
    presetName: request.preset?.name ?? null,
    presetVersion: request.preset?.version ?? null,
    rewound: [],
    lastSequence: 0,
    messageCount: 0,
  }
}

/** A session like the original, at its beginning. What people have allowed is not handed on, nor is the archive. */
export function toFork(
  caller: Caller,
  original: SessionRecord,
  fork: Pick<SessionRecord, 'id' | 'title' | 'titleSource' | 'expiresAt' | 'conversationStarted'> & {
    turnId: string | null
  },
): SessionRecord {
  const { turnId, ...own } = fork
  const now = Date.now()
  return {
    ...original,
    ...own,
    createdBy: caller.keyId,
    status: 'active',
    archived: false,
    claudeSessionId: fork.id,
    createdAt: now,
    lastActivityAt: now,
    endedAt: null,
    transcript: 'complete',
    remembered: [],
    // A directory that several sessions use stays where it is.
    snapshot: null,
    forkedFrom: { sessionId: original.id, turnId },
    rewound: [],
    lastSequence: 0,
    messageCount: 0,
  }
}

export function toCreatedEvent(session: SessionRecord): NewEvent {
  const { model, cwd, permissionMode, title, tags, forkedFrom } = session
  const payload = {
    ...{ model, cwd, permissionMode, title },
    ...(tags.length > 0 && { tags }),
    ...(forkedFrom && { forkedFrom }),
  }
  return { type: 'session.created', turnId: null, payload }
}
