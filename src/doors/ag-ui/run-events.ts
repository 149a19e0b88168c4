import type { OpenRequest, Turn } from '../../client/index.ts'
import type { EventWriter } from './event-writer.ts'
import type { RunInput } from './input.ts'
import { toInterrupt } from './interrupts.ts'
import { type AgUiEvent, ownKey, protocolVersion } from './protocol.ts'
import { usageOf } from './usage.ts'

/** Stop reasons of turns that did not fail but have an incomplete answer. */
const cutShort: ReadonlySet<string> = new Set([
  'interrupted',
  'max_turns',
  'budget',
  'blocked',
  'stopped_by_hook',
])

export function beginRun({ threadId, runId, parentRunId }: RunInput): AgUiEvent {
  return {
    type: 'RUN_STARTED',
    threadId,
    runId,
    protocolVersion,
    ...(parentRunId !== undefined && { parentRunId }),
  }
}

/** Names the input fields without effect. */
export function* writeIgnored(fields: readonly string[]): Generator<AgUiEvent> {
  if (fields.length > 0) yield { type: 'CUSTOM', name: `${ownKey}:ignored`, value: { fields } }
}

/** Ends a run whose turn waits for the client: for a person, or for results of its tools. */
export function* pauseRun(
  { threadId, runId }: RunInput,
  writer: EventWriter,
  requests: readonly OpenRequest[],
): Generator<AgUiEvent> {
  const interrupts = requests
    .filter(({ kind }) => kind !== 'client_tool')
    .map(request => toInterrupt(request, writer.ownerOf(request.toolUseId ?? '')))
  yield* writer.close(subagentRunId => ({
    type: 'suspended',
    interruptIds: interrupts.filter(of => of.subagentRunId === subagentRunId).map(({ id }) => id),
  }))
  const called = requests.flatMap(({ kind, toolUseId }) =>
    kind === 'client_tool' && toolUseId !== null ? [toolUseId] : [],
  )
  const pendingToolCallIds = [...new Set([...writer.pendingCalls, ...called])]
  const outcome =
    interrupts.length > 0
      ? { type: 'interrupt' as const, interrupts }
      : { type: 'success' as const, pendingToolCallIds }
  yield { type: 'RUN_FINISHED', threadId, runId, outcome }
}

/** Writes the outcome of a turn; the last one ends the run. */
export function* endOf(
  { threadId, runId }: RunInput,
  writer: EventWriter,
  turn: Turn,
  isLast: boolean,
): Generator<AgUiEvent> {
  const { sessionId, turnId, status, stopReason, costUsd, error } = turn
  const metadata = { [ownKey]: { sessionId, turnId, stopReason, costUsd } }
  const failure = failureOf(turn)
  if (failure) {
    if (isLast) yield* failRun(writer, { ...failure, ...usageOf(turn), metadata })
    else yield { type: 'CUSTOM', name: `${ownKey}:turn_failed`, value: { turnId, ...failure } }
    return
  }
  if (!isLast) return
  const result = turn.structuredOutput ?? turn.response
  const isCut = error !== null || status !== 'completed' || cutShort.has(stopReason ?? '')
  yield* writer.close(() => (isCut ? 'The run was cancelled' : { type: 'success' }))
  yield {
    type: 'RUN_FINISHED',
    threadId,
    runId,
    ...(isCut
      ? { outcome: { type: 'cancelled' } }
      : { outcome: { type: 'success' }, ...(result != null && { result }) }),
    ...usageOf(turn),
    metadata,
  }
}

function failureOf({ status, error }: Turn): { code: string; message: string } | undefined {
  if (error) return { code: error.code, message: error.message }
  if (status === 'timed_out') return { code: 'REQUEST_TIMEOUT', message: 'The turn timed out' }
  return undefined
}

export function* failRun(
  writer: EventWriter,
  failure: Omit<Extract<AgUiEvent, { type: 'RUN_ERROR' }>, 'type'>,
): Generator<AgUiEvent> {
  yield* writer.close(() => failure.message)
  yield { type: 'RUN_ERROR', ...failure }
}
