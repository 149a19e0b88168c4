import type { SessionEvent } from '../../client/index.ts'
import type { Chunk, FinishReason } from './chunk.ts'
import type { MessageWriter } from './message-writer.ts'
import { toErrorText } from './problems.ts'

const finishReasons: Partial<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content-filter',
}

/** Returns the chunks that end the message of a turn. */
export function endOf(event: SessionEvent, writer: MessageWriter): Chunk[] {
  const { turnId, sequence } = event.data as { turnId: string; sequence: number }
  const messageMetadata = { sequence }
  describeEnd(event, turnId, writer)
  writer.end()
  const chunks = writer.take()
  switch (event.type) {
    case 'turn.completed': {
      const finishReason = finishReasons[event.data.stopReason] ?? 'other'
      return [...chunks, { type: 'finish', finishReason, messageMetadata }]
    }
    case 'turn.interrupted':
      return [...chunks, { type: 'message-metadata', messageMetadata }, toAbort(event.data.status)]
    case 'turn.failed':
    case 'turn.lost':
      return [...chunks, { type: 'error', errorText: toErrorText(event.data.error) }]
    default:
      return [...chunks, { type: 'error', errorText: 'The turn timed out (REQUEST_TIMEOUT)' }]
  }
}

function toAbort(status: string): Chunk {
  return { type: 'abort', reason: status === 'cancelled' ? 'cancelled before it began' : 'interrupted' }
}

function describeEnd({ type, data }: SessionEvent, turnId: string, writer: MessageWriter): void {
  if (type === 'turn.lost') return
  const { structuredOutput, notice, usage, costUsd, durationMs } = data as {
    structuredOutput?: unknown
    notice?: string
    usage?: unknown
    costUsd?: number | null
    durationMs?: number | null
  }
  if (notice !== undefined) writer.addData('notice', `${turnId}-end`, { kind: 'information', text: notice })
  if (structuredOutput !== undefined) writer.addData('structured-output', turnId, structuredOutput)
  if (usage)
    writer.addData('usage', turnId, { usage, costUsd: costUsd ?? null, durationMs: durationMs ?? null })
}
