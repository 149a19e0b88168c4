import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { AnswerText } from './answer-text.ts'

const frame = (fields: object) => ({ parent_tool_use_id: null, ...fields }) as unknown as SDKMessage
const begin = (id: string) =>
  frame({ type: 'stream_event', event: { type: 'message_start', message: { id } } })
const stop = (stop_reason: string | null) =>
  frame({ type: 'stream_event', event: { type: 'message_delta', delta: { stop_reason } } })
const block = (id: string, text: string, more: object = {}) =>
  frame({
    type: 'assistant',
    uuid: `${id} ${text}`,
    message: { id, model: 'claude', stop_reason: null, content: [{ type: 'text', text }] },
    ...more,
  })
/** A streamed message of one text. */
const message = (id: string, text: string, reason: string | null) => [
  begin(id),
  ...(text === '' ? [] : [block(id, text)]),
  ...(reason === null ? [] : [stop(reason)]),
]
const prompted = frame({
  type: 'user',
  isSynthetic: true,
  message: { content: [{ type: 'text', text: 'Go on' }] },
})
const toolResult = frame({ type: 'user', message: { content: [{ type: 'tool_result', content: 'done' }] } })

function read(...frames: (SDKMessage | SDKMessage[])[]): string | null {
  const answer = new AnswerText()
  for (const each of frames.flat()) answer.observe(each)
  return answer.text
}

test.each<[string, (SDKMessage | SDKMessage[])[], string | null]>([
  ['nothing said', [], null],
  ['one message of two blocks', [begin('1'), block('1', 'a'), block('1', 'b'), stop('end_turn')], 'ab'],
  [
    'tools in between: the last message',
    [message('1', 'a', 'tool_use'), toolResult, message('2', 'b', 'end_turn')],
    'b',
  ],
  [
    'a last message without a text',
    [message('1', 'a', 'tool_use'), toolResult, message('2', '', 'end_turn')],
    'a',
  ],
  [
    'said once, then a hundred calls without a word',
    [
      message('1', 'a', 'tool_use'),
      ...Array.from({ length: 100 }, (_, index) => [toolResult, ...message(`t${index}`, '', 'tool_use')]),
    ],
    'a',
  ],
  [
    'cut by the output limit',
    [message('1', 'a', 'max_tokens'), prompted, message('2', 'b', 'end_turn')],
    'ab',
  ],
  [
    'cut by the output limit again and again',
    ['a', 'b', 'c', 'd'].map((text, index) => message(`${index}`, text, 'max_tokens')),
    'abcd',
  ],
  [
    'cut by the context window',
    [message('1', 'a', 'model_context_window_exceeded'), prompted, message('2', 'b', 'end_turn')],
    'ab',
  ],
  ['paused', [message('1', 'a', 'pause_turn'), message('2', 'b', 'end_turn')], 'ab'],
  [
    'cut in a call of a tool that was answered with an error: another answer',
    [message('1', 'a', null), toolResult, stop('max_tokens'), message('2', 'b', 'end_turn')],
    'b',
  ],
  [
    'cut by the connection, told to go on',
    [message('1', 'a', null), prompted, message('2', 'b', 'end_turn')],
    'ab',
  ],
  ['cut by the connection, asked again', [message('1', 'a', null), message('2', 'b', 'end_turn')], 'b'],
  [
    'the second piece is cut by the connection and asked for again',
    [message('1', 'a', 'max_tokens'), prompted, message('2', 'x', null), message('3', 'b', 'end_turn')],
    'ab',
  ],
  [
    'a hook that lets it go on: the last text',
    [message('1', 'a', 'end_turn'), prompted, message('2', 'b', 'end_turn')],
    'b',
  ],
  [
    'superseded',
    [
      message('1', 'a', 'tool_use'),
      prompted,
      begin('2'),
      block('2', 'b', { supersedes: ['1 a'] }),
      stop('end_turn'),
    ],
    'b',
  ],
  [
    'retracted after a refusal',
    [
      message('1', 'a', 'refusal'),
      frame({ type: 'system', subtype: 'model_refusal_fallback', retracted_message_uuids: ['1 a'] }),
    ],
    null,
  ],
  ['of a subagent', [block('1', 'a', { parent_tool_use_id: 'toolu_1' })], null],
  [
    'written by Claude Code',
    [message('1', 'a', null), block('2', 'API Error', { error: 'server_error' })],
    'a',
  ],
  [
    'without streaming',
    [
      message('1', 'a', null),
      frame({
        type: 'assistant',
        uuid: 'u',
        message: {
          id: '2',
          model: 'claude',
          stop_reason: 'end_turn',
          content: [{ type: 'text', text: 'b' }],
        },
      }),
    ],
    'b',
  ],
])('%s', (_, frames, expected) => {
  expect(read(...frames)).toBe(expected)
})

test('what Claude goes on with by itself is not of the turn', () => {
  const answer = new AnswerText()
  for (const each of message('1', 'a', 'end_turn')) answer.observe(each)
  answer.settle()
  for (const each of message('2', 'b', 'end_turn')) answer.observe(each)
  answer.discard()
  expect(answer.text).toBe('a')
  for (const each of message('3', 'c', 'end_turn')) answer.observe(each)
  answer.settle()
  expect(answer.text).toBe('c')
})
