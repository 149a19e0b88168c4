import { describe, expect, test } from 'vitest'
import { messageReader } from './message-reader.ts'

const read = (content: Record<string, unknown>) => messageReader.read(content)
const said = (content: unknown, more: object = {}) =>
  read({ type: 'assistant', uuid: 'u', message: { id: 'msg_1', model: 'claude', content }, ...more })

test.each([
  [{ type: 'assistant' }, 'assistant'],
  [{ type: 'user' }, 'user'],
  [{ type: 'result', subtype: 'success' }, 'end'],
  [{ type: 'system', subtype: 'init' }, 'start'],
  [{ type: 'system', subtype: 'compact_boundary' }, 'compaction'],
  [{ type: 'system', subtype: 'turn_lost' }, 'lost'],
  [{ type: 'system', subtype: 'never_seen' }, 'other'],
  [{ type: 'init' }, 'other'],
  [{ type: 7 }, 'other'],
  [{}, 'other'],
])('the kind of %j is %s', (content, kind) => {
  expect(read(content).kind).toBe(kind)
})

test('ids are those that it has', () => {
  const message = said([], { session_id: 's' })
  expect([message.id, message.claudeSessionId, message.modelMessageId]).toEqual(['u', 's', 'msg_1'])
  const without = read({})
  expect(without.id).toMatch(/^[0-9a-f-]{36}$/)
  expect(without.id).toBe(without.id)
  expect([without.claudeSessionId, without.modelMessageId]).toEqual([undefined, undefined])
})

test('names are those of Claude Code', () => {
  expect(read({ type: 'system', subtype: 'init' }).names).toEqual({ type: 'system', subtype: 'init' })
  expect(read({ subtype: 3 }).names).toEqual({ type: 'unknown', subtype: null })
})

describe('the text', () => {
  const pieces = [
    { type: 'text', text: 'a' },
    { type: 'thinking', thinking: 'x' },
    { type: 'text', text: 'b' },
  ]

  test('is that of the model, or of a command', () => {
    expect(said(pieces).text).toBe('ab')
    const error = { message: { model: '<synthetic>', content: pieces } }
    expect([said([], error).isOfClaude, said([], error).text]).toEqual([false, ''])
    const printed = said([], { ...error, local_command_source: 'cost' })
    expect([printed.isOfClaude, printed.text]).toEqual([true, 'ab'])
  })

  test('of a lost turn is what the server says', () => {
    expect(read({ type: 'system', subtype: 'turn_lost', text: 'gone' }).text).toBe('gone')
  })
})

test('blocks of every kind', () => {
  const image = { type: 'image', source: { type: 'base64', data: 'AA==' } }
  const content = [
    { type: 'text', text: 'a' },
    { type: 'thinking', thinking: 't' },
    { type: 'tool_use', id: '1', name: 'Bash', input: { command: 'ls' } },
    { type: 'server_tool_use', id: '2', name: 'web_search' },
    { type: 'tool_result', tool_use_id: '1', content: ['x', image, { type: 'new' }], is_error: true },
    { type: 'tool_result', tool_use_id: '2', content: 'plain' },
    { ...image, title: 'Plan' },
    { type: 'new', data: 1 },
    7,
  ]
  expect(said(content).blocks).toEqual([
    { type: 'text', text: 'a' },
    { type: 'thinking', text: 't' },
    { type: 'toolCall', id: '1', name: 'Bash', input: { command: 'ls' } },
    { type: 'toolCall', id: '2', name: 'web_search', input: {} },
    {
      type: 'toolResult',
      toolCallId: '1',
      isError: true,
      blocks: [
        { type: 'text', text: 'x' },
        { type: 'file', kind: 'image', title: null, source: image.source },
        { type: 'other', value: { type: 'new' } },
      ],
    },
    { type: 'toolResult', toolCallId: '2', isError: false, blocks: [{ type: 'text', text: 'plain' }] },
    { type: 'file', kind: 'image', title: 'Plan', source: image.source },
    { type: 'other', value: { type: 'new', data: 1 } },
    { type: 'text', text: '7' },
  ])
  expect(said('text').blocks).toEqual([{ type: 'text', text: 'text' }])
  expect(said({ type: 'text', text: 'one' }).blocks).toEqual([{ type: 'text', text: 'one' }])
  expect(said(undefined).blocks).toEqual([])
})

test.each<[Record<string, unknown>, boolean]>([
  [{ type: 'user', message: { content: 'Stop hook feedback' } }, true],
  [{ type: 'user', message: { content: [{ type: 'text', text: 'a' }] }, parent_tool_use_id: null }, true],
  [{ type: 'user', message: { content: [{ type: 'tool_result' }] } }, false],
  [{ type: 'user', message: { content: 'a task' }, parent_tool_use_id: 'toolu_1' }, false],
  [{ type: 'assistant', message: { content: 'a' } }, false],
])('whether %j was written as if a user had sent it: %s', (content, expected) => {
  expect(read(content).isSyntheticPrompt).toBe(expected)
})

test('a compaction says how many tokens there were, as far as it is known', () => {
  const boundary = (metadata?: unknown) =>
    read({ type: 'system', subtype: 'compact_boundary', compact_metadata: metadata }).compaction
  expect(boundary({ pre_tokens: 10, post_tokens: 2 })).toEqual({ tokensBefore: 10, tokensAfter: 2 })
  expect(boundary({ pre_tokens: 'many' })).toEqual({ tokensBefore: null, tokensAfter: null })
  expect(boundary()).toEqual({ tokensBefore: null, tokensAfter: null })
  expect(read({ type: 'user', compact_metadata: {} }).compaction).toBeUndefined()
})
