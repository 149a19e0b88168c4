import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, test } from 'vitest'
import { ObservedUsage } from './observed-usage.ts'
import { orUnknown, toFigures } from './turn-figures.ts'

const tokens = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  outputTokens,
  cacheReadInputTokens: 1,
  cacheCreationInputTokens: 2,
})

function result(models: Record<string, object> | undefined, more: object = {}): SDKResultMessage {
  const usage = {
    input_tokens: 10,
    output_tokens: 20,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  }
  return {
    type: 'result',
    total_cost_usd: 0.5,
    usage,
    ...(models && { model_usage_since_last_result: models }),
    ...more,
  } as never
}

function stream(event: object, parent: string | null = null): SDKMessage {
  return { type: 'stream_event', event, parent_tool_use_id: parent } as never
}

const start = (input: number) =>
  stream({ type: 'message_start', message: { model: 'm', usage: { input_tokens: input, output_tokens: 1 } } })
const delta = (output: number) => stream({ type: 'message_delta', usage: { output_tokens: output } })

function observe(...messages: SDKMessage[]): ObservedUsage {
  const observed = new ObservedUsage()
  for (const message of messages) observed.observe(message)
  return observed
}

describe('with a result', () => {
  test('is what the result says, by model, over several results', () => {
    const first = result({ a: { ...tokens(1, 2), costUSD: 0.1, webSearchRequests: 3 } })
    const second = result({ a: { ...tokens(10, 20), costUSD: 0.2 }, b: { ...tokens(5, 6), costUSD: 0 } })
    expect(toFigures([first, second], observe(start(7), delta(8)), null)).toEqual({
      usage: { inputTokens: 16, outputTokens: 28, cacheReadInputTokens: 3, cacheCreationInputTokens: 6 },
      costUsd: expect.closeTo(0.3),
      modelUsage: [
        {
          model: 'a',
          inputTokens: 11,
          outputTokens: 22,
          cacheReadInputTokens: 2,
          cacheCreationInputTokens: 4,
          costUsd: expect.closeTo(0.3),
          costComplete: true,
          webSearchRequests: 3,
        },
        { model: 'b', ...tokens(5, 6), costUsd: 0, costComplete: true, webSearchRequests: 0 },
      ],
    })
  })

  test('of a turn that was called off with nothing counted is unknown', () => {
    expect(orUnknown(toFigures([result({})], observe(), 0))).toEqual({
      usage: null,
      costUsd: null,
      modelUsage: null,
    })
    const some = toFigures([result({ m: { ...tokens(1, 2), costUSD: 0.1 } })], observe(), 0)
    expect(orUnknown(some)).toBe(some)
  })

  test('without shares by model takes the main conversation, and the difference of the costs', () => {
    expect(toFigures([result(undefined)], observe(), 0.2)).toMatchObject({
      usage: { inputTokens: 10, outputTokens: 20 },
      costUsd: expect.closeTo(0.3),
      modelUsage: null,
    })
    expect(toFigures([result(undefined)], observe(), null).costUsd).toBeNull()
  })
})

describe('without a result', () => {
  test('is what was seen of the messages, the broken one included', () => {
    const observed = observe(start(100), delta(50), start(200))
    expect(toFigures([], observed, 0)).toMatchObject({
      usage: { inputTokens: 300, outputTokens: 51 },
      costUsd: null,
      modelUsage: [{ model: 'm', inputTokens: 300, outputTokens: 51, costUsd: null, costComplete: false }],
    })
  })

  test('is unknown when nothing was seen, also of subagents', () => {
    const subagent = stream(
      { type: 'message_start', message: { model: 'm', usage: { input_tokens: 9, output_tokens: 1 } } },
      'toolu_1',
    )
    expect(toFigures([], observe(subagent, delta(3)), 0)).toEqual({
      usage: null,
      costUsd: null,
      modelUsage: null,
    })
  })
})
