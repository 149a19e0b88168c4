import { expect, test } from 'vitest'
import type { AgentMessage, MessageBlock } from '../sessions/ports/index.ts'
import { toCompactParts } from './compact-message.ts'

function message(blocks: MessageBlock[], fields: Partial<AgentMessage> = {}): AgentMessage {
  const rest = { isOfSubagent: false, isSyntheticPrompt: false, ...fields }
  return { kind: 'assistant', blocks, ...rest } as AgentMessage
}

const call = (input: unknown) =>
  toCompactParts(message([{ type: 'toolCall', id: '1', name: 'X', input }]), 'sdk')?.tools?.[0]?.summary

test.each([
  ['a command', { description: 'd', command: 'ls' }, 'ls'],
  ['a path', { limit: 3, file_path: '/a' }, '/a'],
  ['nothing that is known', { a: 1, b: ['c'] }, '{"a":1,"b":["c"]}'],
  ['no input', {}, ''],
  ['null', null, ''],
  ['a text', 'ls', ''],
])('the summary of a call with %s', (_, input, summary) => expect(call(input)).toBe(summary))

test('a long summary is shortened, but not in the middle of a character', () => {
  const summary = call({ command: '😀'.repeat(500) }) ?? ''
  expect(summary.length).toBeLessThanOrEqual(200)
  expect(summary.isWellFormed()).toBe(true)
  expect(summary.endsWith('…')).toBe(true)
})

test.each([
  ['frames', message([{ type: 'text', text: 'a' }], { kind: 'start' })],
  [
    'prompts that Claude Code wrote itself',
    message([{ type: 'text', text: 'a' }], { isSyntheticPrompt: true }),
  ],
  ['thinking', message([{ type: 'thinking', text: 'a' }])],
  ['empty messages', message([])],
])('%s have nothing to read', (_, given) => expect(toCompactParts(given, 'sdk')).toBeUndefined())

test('text, files and the subagent', () => {
  const image = { type: 'file', kind: 'image', title: null, source: { data: 'A'.repeat(1000) } } as const
  const given = message([{ type: 'text', text: 'a' }, image, { type: 'text', text: 'b' }], {
    kind: 'user',
    isOfSubagent: true,
  })
  expect(toCompactParts(given, 'user')).toEqual({
    role: 'user',
    subagent: true,
    text: 'a\nb',
    files: [{ kind: 'image', title: null }],
  })
})

test('a prompt of the caller is shown, though Claude Code could have written it', () => {
  const prompt = message([{ type: 'text', text: 'a' }], { kind: 'user', isSyntheticPrompt: true })
  expect(toCompactParts(prompt, 'user')).toEqual({ role: 'user', text: 'a' })
})
