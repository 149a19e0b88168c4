import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { DeltaReader } from './delta.ts'

const event = (fields: object, parent: string | null = null) =>
  ({ type: 'stream_event', parent_tool_use_id: parent, event: fields }) as unknown as SDKMessage
const begin = (id: string) => event({ type: 'message_start', message: { id } })
const piece = (index: number, delta: object = { type: 'text_delta', text: 'x' }) =>
  event({ type: 'content_block_delta', index, delta })
const end = event({ type: 'message_stop' })
const whole = (id: string, type: string, more: object = {}) =>
  ({
    type: 'assistant',
    parent_tool_use_id: null,
    message: { id, model: 'claude', content: [{ type }] },
    ...more,
  }) as unknown as SDKMessage
const thought = { type: 'thinking_delta', thinking: 'x' }
const call = { type: 'input_json_delta', partial_json: '{' }

/** The blocks that are voided, as `message/index`. */
function read(...frames: SDKMessage[]): string[] {
  const reader = new DeltaReader()
  return frames.flatMap(frame => {
    const voided = reader.findVoided(frame)
    if (frame.type === 'stream_event') reader.read(frame)
    return voided.map(({ messageId, blockIndex }) => `${messageId}/${blockIndex}`)
  })
}

test.each<[string, SDKMessage[], string[]]>([
  ['a message that came whole', [begin('1'), piece(0), whole('1', 'text'), end], []],
  [
    'several blocks that came whole',
    [
      begin('1'),
      piece(0, thought),
      whole('1', 'thinking'),
      piece(1),
      whole('1', 'text'),
      piece(2, call),
      whole('1', 'tool_use'),
      end,
    ],
    [],
  ],
  [
    'cut by the connection',
    [begin('1'), piece(0), end, begin('2'), piece(0), whole('2', 'text'), end],
    ['1/0'],
  ],
  ['cut without an end', [begin('1'), piece(0), begin('2')], ['1/0']],
  [
    'asked again',
    [begin('1'), piece(0), { type: 'system', subtype: 'api_retry' } as unknown as SDKMessage],
    ['1/0'],
  ],
  [
    'another model',
    [begin('1'), piece(0), { type: 'system', subtype: 'model_fallback' } as unknown as SDKMessage],
    ['1/0'],
  ],
  ['an error in its place', [begin('1'), piece(0), whole('x', 'text', { error: 'unknown' })], ['1/0']],
  ['whole, without streaming', [begin('1'), piece(0), whole('2', 'text')], ['1/0']],
  ['the turn is over', [begin('1'), piece(0), { type: 'result' } as unknown as SDKMessage], ['1/0']],
  ['its second block alone', [begin('1'), piece(0), whole('1', 'text'), piece(1, call), end], ['1/1']],
  ['two blocks at once', [begin('1'), piece(0, thought), piece(1), end], ['1/0', '1/1']],
  [
    'cut off by a person, as a message',
    [begin('1'), piece(0), whole('1', 'text', { aborted: true }), end],
    [],
  ],
  ['of a subagent meanwhile', [begin('1'), piece(0), event({ type: 'message_stop' }, 'toolu_1')], []],
  [
    'again and again',
    [begin('1'), piece(0), end, begin('2'), piece(0), end, begin('3'), piece(0), whole('3', 'text'), end],
    ['1/0', '2/0'],
  ],
])('%s', (_, frames, expected) => {
  expect(read(...frames)).toEqual(expected)
})

test('the input of a tool names its call', () => {
  const reader = new DeltaReader()
  const start = (index: number, content_block: object) =>
    event({ type: 'content_block_start', index, content_block })
  const deltas = [
    begin('1'),
    start(0, { type: 'text', text: '' }),
    piece(0),
    start(1, { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }),
    piece(1, call),
    begin('2'),
    piece(1, call),
  ].flatMap(frame => (frame.type === 'stream_event' ? (reader.read(frame)?.delta ?? []) : []))
  expect(deltas).toEqual([
    { type: 'text', text: 'x' },
    { type: 'input_json', partialJson: '{', toolUseId: 'toolu_1', toolName: 'Bash' },
    { type: 'input_json', partialJson: '{' },
  ])
})
