import { expect, test } from 'vitest'
import { text, thinking, together, toolUse } from './answer.ts'
import { toFragments } from './fragments.ts'
import { toFrames, toMessage } from './message-frames.ts'

const context = { model: 'm', inputTokens: 7 }
const joined = (content: string, size?: number | 'line') => [...toFragments(content, size)]

test.each([undefined, 1, 2, 3, 1000, 'line'] as const)('fragments of size %s join to the text', size => {
  const content = 'a\n\n😀😀b\nlast line'.repeat(50)
  expect(joined(content, size).join('')).toBe(content)
})

test('no fragment ends within a character', () => {
  expect(joined('😀😀', 1)).toEqual(['😀', '😀'])
  expect(joined('\ud800', 1)).toEqual(['\ud800'])
})

test('a fragment a line; none of nothing; some hundred of megabytes', () => {
  expect(joined('a\n\nb', 'line')).toEqual(['a\n', '\n', 'b'])
  expect(joined('')).toEqual([])
  expect(joined('x'.repeat(5_000_000)).length).toBeLessThanOrEqual(500)
})

test('the frames of a message with thinking, text and tools come in the order of the API', () => {
  const answer = together(thinking('hm'), text('so'), toolUse('Bash', { command: 'ls' }))
  const frames = [...toFrames({ ...answer, fragmentSize: 100 }, context)]
  const shape = frames.map(frame => [frame.type, (frame.delta as { type?: string } | undefined)?.type])
  expect(shape).toEqual([
    ['message_start', undefined],
    ['content_block_start', undefined],
    ['content_block_delta', 'thinking_delta'],
    ['content_block_delta', 'signature_delta'],
    ['content_block_stop', undefined],
    ['content_block_start', undefined],
    ['content_block_delta', 'text_delta'],
    ['content_block_stop', undefined],
    ['content_block_start', undefined],
    ['content_block_delta', 'input_json_delta'],
    ['content_block_stop', undefined],
    ['message_delta', undefined],
    ['message_stop', undefined],
  ])
  expect(frames.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { input_tokens: 7 } })
})

test('usage and stop reason are as asked for', () => {
  const answer = text('so', {
    stopReason: 'max_tokens',
    usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3 },
  })
  expect(toMessage(answer, context)).toMatchObject({
    stop_reason: 'max_tokens',
    content: [{ type: 'text', text: 'so' }],
    usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 0 },
  })
})
