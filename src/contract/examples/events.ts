import type { ActivityEvent, SuggestionEvent } from '../activity.ts'
import type {
  DeltaEvent,
  DeltaVoided,
  EventType,
  SessionEvents,
  StreamComplete,
  StreamConnected,
  StreamError,
  StreamGap,
} from '../events.ts'
import type { FeedCaughtUp, FeedGap } from '../feed.ts'
import { errorExamples } from './errors.ts'
import { cwd, ids, times } from './ids.ts'
import { pendingPermissions, resolvedPermissions } from './permissions.ts'
import { everySetting } from './settings.ts'
import {
  answer,
  assistantMessage,
  compactParts,
  failedFindings,
  findings,
  response,
  turnError,
  usage,
} from './turns.ts'

const { sessionId, turnId } = ids
const at = (sequence: number, timestamp: string = times.ended) => ({ sessionId, sequence, timestamp })
const ofTurn = (sequence: number, timestamp?: string) => ({ ...at(sequence, timestamp), turnId })
const ended = { ...ofTurn(9), endedAt: times.ended, durationMs: 42_656 }
const spent = { usage, costUsd: 0.0387 }
const { effort, mcpServers, maxBudgetUsd, promptSuggestions, titles, clientTools, clientHooks } =
  everySetting()

/** Examples of the data of each stored event. */
export const eventExamples: { [T in EventType]: readonly SessionEvents[T][] } = {
  'session.created': [
    {
      ...at(1, times.created),
      model: 'sonnet',
      cwd,
      permissionMode: 'acceptEdits',
      title: 'Fix the checkout test',
      tags: ['checkout', 'flaky tests'],
      forkedFrom: { sessionId: ids.forkId, turnId: ids.nextTurnId },
    },
  ],
  'session.updated': [
    {
      ...at(10),
      title: 'Fix the checkout and cart tests',
      titleSource: 'caller',
      metadata: { ticket: 'SHOP-212' },
      tags: ['checkout', 'done'],
      archived: false,
      model: 'opus',
      permissionMode: 'plan',
      maxTurns: 80,
      workingDirectory: `${cwd}/packages/web`,
      effort,
      mcpServers,
      maxBudgetUsd,
      promptSuggestions,
      titles,
      clientTools,
      clientHooks,
    },
  ],
  'session.rewound': [
    {
      ...at(11),
      toTurnId: turnId,
      conversation: true,
      files: true,
      turnIds: [turnId],
      restored: ['src/discount.ts'],
    },
  ],
  'session.expired': [at(12)],
  'session.ended': [at(12)],
  'settings.restricted': [{ ...at(2), settingSources: ['user'], ignored: ['project'] }],
  'mentions.ignored': [
    { ...ofTurn(4, times.started), mentions: [{ mention: '../secret.txt', reason: 'outside' }] },
  ],
  'conversation.lost': [{ ...at(10), extent: 'part', turnIds: [turnId] }],
  'workspace.restored': [
    { ...at(10), source: 'snapshot', takenAt: times.started, turnCutOff: true, missingFiles: 0 },
  ],
  'turn.queued': [{ ...ofTurn(2, times.asked), status: 'queued', reason: 'session_busy' }],
  'turn.started': [{ ...ofTurn(3, times.started), status: 'running', startedAt: times.started }],
  message: [
    { type: 'claude_code_message', ...ofTurn(8), synthetic: true, message: assistantMessage },
    { type: 'compact_message', ...ofTurn(8), ...compactParts },
  ],
  'permission.requested': Object.values(pendingPermissions).map(request => ({
    ...ofTurn(6, times.permission),
    ...request,
  })),
  'permission.resolved': Object.values(resolvedPermissions).map(request => ({
    ...ofTurn(7, times.decided),
    ...request,
  })),
  'turn.completed': [
    { ...ended, status: 'completed', response, stopReason: 'end_turn', ...spent, ...findings },
  ],
  'turn.failed': [{ ...ended, status: 'failed', response, error: turnError, ...spent, ...failedFindings }],
  'turn.interrupted': [
    { ...ended, status: 'interrupted', response, stopReason: 'interrupted', ...spent, ...findings },
  ],
  'turn.timed_out': [{ ...ended, status: 'timed_out', response, ...spent, ...findings }],
  'turn.lost': [
    {
      ...ended,
      status: 'lost',
      error: {
        code: 'MESSAGE_SEND_FAILED',
        reason: 'lost',
        message: 'The server ended while the turn ran; its outcome is unknown',
        retryAt: times.retry,
        retryable: true,
        retry: 'new_key',
      },
    },
  ],
}

const nextAttempt = {
  attempt: 1,
  maxAttempts: 10,
  delayMs: 2_000,
  retryAt: times.retry,
  httpStatus: 529,
  reason: 'overloaded',
}
const { started: since } = times
const task = {
  since,
  toolUseId: 'toolu_01EhR4NXr6Y5kYAcqkVXnGqD',
  description: 'Find the callers of applyDiscount',
  toolName: 'Grep',
  toolUses: 3,
  tokens: 8_120,
  summary: 'Reading the cart package',
}

const block = { turnId, messageId: ids.apiMessageId, blockIndex: 0 }
const toolCall = { toolUseId: ids.toolUseId, toolName: 'Bash' }
const { messageId: _, response: summary, ...facts } = answer
const { code, message, details, retryable, retry } = errorExamples.MODEL_OVERLOADED.error

/** Examples of the data of events that are not stored. */
export const streamExamples = {
  DeltaEvent: [
    { ...block, delta: { type: 'text', text: 'The checkout test passes' } },
    { ...block, delta: { type: 'thinking', thinking: 'The discount is applied twice.' } },
    { ...block, delta: { type: 'input_json', partialJson: '{"command":"pnpm', ...toolCall } },
  ] satisfies DeltaEvent[],
  DeltaVoided: [block] satisfies DeltaVoided[],
  ActivityEvent: [
    { turnId, activity: { kind: 'model', id: 'main', since } },
    { turnId, activity: { kind: 'thinking', id: 'main', since, tokens: 420 } },
    { turnId, activity: { kind: 'retry', id: 'main', since, ...nextAttempt } },
    { turnId, activity: { kind: 'compacting', id: 'main', since } },
    {
      turnId,
      activity: {
        kind: 'tool',
        id: 'toolu_01EhR4NXr6Y5kYAcqkVXnGqD',
        since,
        toolName: 'Bash',
        parentToolUseId: 'toolu_01Lq2WkYx8c4nGk5cHq3S7Zd',
        retry: nextAttempt,
      },
    },
    { turnId, activity: { kind: 'subagent', id: 'a1f2c3d4e5f60718', ...task, agent: 'Explore' } },
    { turnId: null, activity: { kind: 'task', id: 'b3x9k2m1p', ...task } },
    { turnId, activity: { kind: 'done', id: 'main' } },
  ] satisfies ActivityEvent[],
  SuggestionEvent: [{ turnId, text: 'Now run the whole test suite' }] satisfies SuggestionEvent[],
  StreamConnected: [{ sessionId, turnId }] satisfies StreamConnected[],
  StreamComplete: [{ summary, ...facts }] satisfies StreamComplete[],
  StreamError: [
    { error: message, code, ...(details && { details }), retryable, retry, turnId },
  ] satisfies StreamError[],
  StreamGap: [{ sessionId, from: 1, to: 120 }] satisfies StreamGap[],
  StreamCaughtUp: [{ sessionId, sequence: 9 }],
  StreamClosing: [{ sessionId }],
  FeedGap: [{ from: 1, to: 120 }] satisfies FeedGap[],
  FeedCaughtUp: [{ position: 1_209 }] satisfies FeedCaughtUp[],
  FeedClosing: [{}],
}

function frame(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The text of a turn's stream. */
export const turnStreamText = [
  frame('connected', streamExamples.StreamConnected[0]),
  frame('message', eventExamples.message[0], 8),
  frame('complete', streamExamples.StreamComplete[0]),
].join('')

/** The text of a stream of stored and live events. */
export const eventStreamText = [
  frame('turn.started', eventExamples['turn.started'][0], 3),
  frame('caught_up', { sessionId, sequence: 3 }),
  frame('turn.completed', eventExamples['turn.completed'][0], 9),
].join('')

/** The text of the stream over all sessions. */
export const feedText = [
  frame('permission.requested', eventExamples['permission.requested'][0], 1_208),
  frame('turn.completed', eventExamples['turn.completed'][0], 1_209),
  frame('caught_up', { position: 1_209 }, 1_209),
].join('')
