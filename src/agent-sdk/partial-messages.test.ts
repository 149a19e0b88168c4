import type { SDKMessage, SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { PartialMessages } from './partial-messages.ts'

const piece = (blockIndex: number, text: string, messageId = 'm1') => ({
  turnId: 't',
  messageId,
  blockIndex,
  delta: { type: 'text' as const, text },
})
const input = (blockIndex: number, partialJson: string) => ({
  turnId: 't',
  messageId: 'm1',
  blockIndex,
  delta: { type: 'input_json' as const, partialJson },
})
const block = (content: object, id = 'm1') =>
  ({
    type: 'assistant',
    parent_tool_use_id: null,
    message: { id, content: [content], usage: {} },
  }) as unknown as SDKMessage
const results = { type: 'user', parent_tool_use_id: null, message: { content: [] } } as unknown as SDKMessage

const shown = (messages: readonly SDKPartialAssistantMessage[]) =>
  messages.map(({ event }) => {
    if (event.type !== 'content_block_delta') return event.type
    const { delta } = event
    if (delta.type === 'text_delta') return delta.text
    return delta.type === 'input_json_delta' ? delta.partial_json : delta.type
  })

test('pieces of a block wait for the message of the block before', () => {
  const partial = new PartialMessages('s')
  expect(shown(partial.onDelta(piece(0, 'one')))).toEqual(['message_start', 'content_block_start', 'one'])
  expect(partial.onDelta(piece(1, 'two'))).toEqual([])
  const first = block({ type: 'text', text: 'one' })
  expect(partial.before(first)).toEqual([])
  expect(shown(partial.after(first))).toEqual(['content_block_stop', 'content_block_start', 'two'])
})

test('the input of a tool comes with the call, the next message after its result', () => {
  const partial = new PartialMessages('s')
  partial.onDelta(input(0, '{"a"'))
  partial.onDelta(input(0, ':1}'))
  const call = block({ type: 'tool_use', id: 'x', name: 'Bash', input: { a: 1 } })
  expect(shown(partial.before(call))).toEqual(['content_block_start', '{"a"', ':1}'])
  expect(shown(partial.after(call))).toEqual(['content_block_stop'])
  expect(partial.onDelta(piece(0, 'then', 'm2'))).toEqual([])
  expect(shown(partial.before(results))).toEqual(['message_delta', 'message_stop'])
  expect(shown(partial.after(results))).toEqual(['message_start', 'content_block_start', 'then'])
})

test('after a new connection nothing is said twice', () => {
  const partial = new PartialMessages('s')
  partial.onDelta(piece(0, 'one '))
  partial.onDelta(piece(1, 'lost'))
  partial.onReconnected()
  expect(shown(partial.onDelta(piece(0, 'one two ')))).toEqual(['two '])
  expect(shown(partial.onDelta(piece(0, 'three')))).toEqual(['three'])
})

test('a message that came to nothing is forgotten', () => {
  const partial = new PartialMessages('s')
  partial.onDelta(piece(0, 'never'))
  partial.onVoided('m1')
  expect(shown(partial.onDelta(piece(0, 'new', 'm2')))).toEqual([
    'message_start',
    'content_block_start',
    'new',
  ])
})

test('a block without pieces is told as a whole', () => {
  const partial = new PartialMessages('s')
  partial.onDelta(piece(0, 'a'))
  const first = block({ type: 'text', text: 'a' })
  partial.before(first)
  partial.after(first)
  const second = block({ type: 'text', text: 'b' })
  expect(shown(partial.before(second))).toEqual(['content_block_start', 'b'])
})
