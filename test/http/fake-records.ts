import { defaultSettings } from '../../src/contract/session-settings.ts'
import { PushQueue } from '../../src/lib/push-queue.ts'
import type { FollowRequest, LogItem, LogReader } from '../../src/sessions/log/log-item.ts'
import type { EventRecord, SessionRecord, TurnRecord } from '../../src/sessions/records.ts'
import type { Submission } from '../../src/sessions/turns/turn-request.ts'

export const sessionId = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a001'
export const turnId = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a002'
export const claudeSessionId = '0b7e3a52-7a0e-4d38-9d5e-0a6cf0f6a003'
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6)

export const digest = {
  costUsd: 0.5,
  openRequests: 0,
  lastTurn: { id: turnId, status: 'completed' as const, endedAt: at },
}

/** What `GET /sessions/:id` says of it. */
export const settingsInForce = { settingSources: [], instructions: true, trusted: false }

export function sessionRecord(given: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: sessionId,
    tenantId: 'default',
    createdBy: 'someone',
    status: 'active',
    title: null,
    titleSource: null,
    metadata: { a: 1 },
    tags: [],
    archived: false,
    cwd: '/work',
    permissionMode: 'default',
    requestedModel: null,
    model: null,
    appendSystemPrompt: null,
    maxTurns: null,
    settings: defaultSettings,
    secrets: {},
    remembered: [],
    workingDirectory: null,
    workspace: null,
    forkedFrom: null,
    presetName: null,
    presetVersion: null,
    rewound: [],
    settingsInForce: [],
    snapshot: null,
    claudeSessionId,
    transcript: 'complete',
    conversationStarted: true,
    createdAt: at,
    lastActivityAt: at,
    expiresAt: at + 1000,
    endedAt: null,
    lastSequence: 9,
    messageCount: 2,
    ...given,
  }
}

export function turnRecord(given: Partial<TurnRecord> = {}): TurnRecord {
  return {
    id: turnId,
    sessionId,
    tenantId: 'default',
    createdBy: 'someone',
    status: 'completed',
    prompt: 'hello',
    commands: false,
    timeoutMs: 0,
    response: 'Hi there',
    messageId: 'message-1',
    stopReason: 'end_turn',
    error: null,
    usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    costUsd: 0.01,
    modelUsage: null,
    createdAt: at,
    startedAt: at,
    endedAt: at + 1234,
    durationMs: null,
    firstSequence: 2,
    lastSequence: 5,
    structuredOutput: null,
    permissionDenials: [],
    notice: null,
    ending: null,
    ...given,
  }
}

export function event(
  sequence: number,
  type: EventRecord['type'],
  payload: Record<string, unknown> = {},
  ofTurn: string | null = turnId,
): EventRecord {
  return { sessionId, sequence, type, turnId: ofTurn, at, payload } as EventRecord
}

export function message(sequence: number, source: 'user' | 'sdk', text: string): EventRecord {
  return event(sequence, 'message', {
    id: `message-${sequence}`,
    source,
    message: { type: 'assistant', text },
  })
}

/** A turn that was accepted just now. @param end left out: its end never comes */
export function submission(turn: TurnRecord, end?: TurnRecord | Promise<TurnRecord>): Submission {
  const ended = end
    ? Promise.resolve(end).then(record => ({ turn: record, claudeSessionId }))
    : new Promise<never>(() => {})
  // It may reject before anyone waits for it.
  ended.catch(() => {})
  return { turn, ended, replayed: false }
}

/** A reader that is fed by the test. */
export class FakeReader implements LogReader {
  readonly overflowing = new AbortController()
  readonly overflow = this.overflowing.signal
  exhausted = false
  readonly request: FollowRequest
  readonly items = new PushQueue<LogItem>()
  readonly left: Promise<void>
  #leave: () => void

  constructor(request: FollowRequest) {
    this.request = request
    const { promise, resolve } = Promise.withResolvers<void>()
    this.left = promise
    this.#leave = resolve
    request.signal.addEventListener('abort', () => this.items.end())
  }

  push(...events: EventRecord[]): void {
    for (const one of events) this.items.push({ kind: 'event', event: one })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogItem, void> {
    try {
      if (!this.request.signal.aborted) yield* this.items
    } finally {
      this.#leave()
    }
  }
}
