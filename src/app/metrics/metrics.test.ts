import { expect, onTestFinished, test } from 'vitest'
import { sessionRecord, turnRecord } from '../../../test/suites/store-records.ts'
import { BoundedLabel } from './bounded-label.ts'
import { Metrics } from './metrics.ts'

const slots = {
  busy: { count: 2, bytes: 200 },
  idle: { count: 1, bytes: 50 },
  spare: { count: 1, bytes: 40 },
  evicted: { count: 0, bytes: 0 },
}
const figures = {
  runningTurns: 2,
  queuedTurns: 3,
  waitingTurns: 4,
  slots,
  evictions: 5,
  readers: 6,
  disconnects: 7,
}

function open(): Metrics {
  const metrics = new Metrics('1.2.3', () => figures)
  onTestFinished(() => metrics.close())
  return metrics
}

async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.expose()).text.split('\n').filter(line => !line.startsWith('#'))
}

test('turns are counted by outcome and reason, with their times, tokens and cost', async () => {
  const metrics = open()
  const tokens = { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 3, cacheCreationInputTokens: 2 }
  const share = { costUsd: 0.25, costComplete: true, webSearchRequests: 0, ...tokens }
  const ended = {
    ...turnRecord(sessionRecord()),
    status: 'completed' as const,
    stopReason: 'end_turn' as const,
    durationMs: 1500,
    modelUsage: [
      { model: 'opus', ...share },
      { model: 'haiku', ...share, costUsd: null },
    ],
  }
  metrics.onTurnEnded(ended, { queuedMs: 40, firstDeltaMs: 700 })
  const failure = { code: 'MODEL_OVERLOADED' as const, reason: 'overloaded' as const, message: 'no' }
  metrics.onTurnEnded(
    { ...ended, status: 'failed', stopReason: null, error: failure, modelUsage: null, durationMs: null },
    { queuedMs: undefined, firstDeltaMs: undefined },
  )
  const lines = await linesOf(metrics)
  for (const line of [
    'turns_total{outcome="completed",reason="end_turn"} 1',
    'turns_total{outcome="failed",reason="overloaded"} 1',
    'turn_duration_seconds_sum{outcome="completed"} 1.5',
    'turn_first_delta_seconds_sum 0.7',
    'turn_first_delta_seconds_count 1',
    'turn_queue_seconds_sum 0.04',
    'tokens_total{model="opus",kind="input"} 10',
    'tokens_total{model="haiku",kind="output"} 5',
    'cost_usd_total{model="opus"} 0.25',
    'cost_usd_total{model="haiku"} 0',
  ]) {
    expect(lines).toContain(`claude_code_api_${line}`)
  }
})

test('the state of the sessions is read when the metrics are', async () => {
  const metrics = open()
  // Read twice: totals that are set and not counted must not grow.
  await metrics.expose()
  const lines = await linesOf(metrics)
  for (const line of [
    'turns{state="running"} 2',
    'turns{state="queued"} 3',
    'turns{state="waiting"} 4',
    'slots{state="busy"} 2',
    'slot_memory_bytes{state="idle"} 50',
    'evictions_total 5',
    'stream_readers 6',
    'stream_disconnects_total 7',
  ]) {
    expect(lines).toContain(`claude_code_api_${line}`)
  }
})

test('before the sessions are open, their figures are zero', async () => {
  const metrics = new Metrics('1.2.3', () => undefined)
  onTestFinished(() => metrics.close())
  expect(await linesOf(metrics)).toContain('claude_code_api_slots{state="busy"} 0')
})

test('values of a label from outside are bounded', () => {
  const label = new BoundedLabel(2)
  const long = 'x'.repeat(201)
  expect(['a', long, 'b', 'c', 'a'].map(value => label.of(value))).toEqual(['a', 'other', 'b', 'other', 'a'])
})
