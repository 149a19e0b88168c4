import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { ActivityReader } from './activity-reader.ts'

const frame = (type: string, fields: object = {}) =>
  ({ type, parent_tool_use_id: null, ...fields }) as unknown as SDKMessage
const system = (subtype: string, fields: object = {}) => frame('system', { subtype, ...fields })
const requesting = system('status', { status: 'requesting' })
const begin = frame('stream_event', { event: { type: 'message_start', message: { id: 'm' } } })
const retry = system('api_retry', {
  attempt: 2,
  max_retries: 10,
  retry_delay_ms: 8_000,
  error_status: 529,
  error: 'overloaded',
})
const call = (id: string, parent: string | null = null, name = 'Bash') =>
  frame('assistant', {
    parent_tool_use_id: parent,
    message: {
      id: 'm',
      content: [
        { type: 'text', text: 'a' },
        { type: 'tool_use', id, name },
      ],
    },
  })
const answer = (id: string) =>
  frame('user', { message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'x' }] } })
const started = (id: string, fields: object = {}) =>
  system('task_started', { task_id: id, description: 'd', ...fields })
const progress = (id: string, fields: object = {}) =>
  system('task_progress', {
    task_id: id,
    description: 'd',
    usage: { total_tokens: 7, tool_uses: 1, duration_ms: 9 },
    last_tool_name: 'Grep',
    ...fields,
  })
const inBackground = (...ids: string[]) =>
  system('background_tasks_changed', { tasks: ids.map(id => ({ task_id: id })) })
const result = frame('result')

/** The changes, as `kind id`. */
function read(...frames: SDKMessage[]): string[] {
  const reader = new ActivityReader()
  return frames.flatMap(message => reader.read(message).map(({ kind, id }) => `${kind} ${id}`))
}

test.each<[string, SDKMessage[], string[]]>([
  ['waits until the answer begins', [requesting, begin], ['model main', 'done main']],
  ['waits, and is told whole', [requesting, call('t')], ['model main', 'done main', 'tool t']],
  ['tries again', [requesting, retry, begin], ['model main', 'retry main', 'done main']],
  ['gives up', [requesting, retry, result], ['model main', 'retry main', 'done main']],
  [
    'compacts',
    [system('status', { status: 'compacting' }), system('status', { status: null })],
    ['compacting main', 'done main'],
  ],
  ['calls a tool', [call('t'), answer('t'), answer('t')], ['tool t', 'done t']],
  ['is interrupted in a tool', [call('t'), result], ['tool t', 'done t']],
  ['is idle', [requesting, system('session_state_changed', { state: 'idle' })], ['model main', 'done main']],
  [
    'has a subagent that calls a tool while it waits',
    [requesting, call('t', 'parent'), answer('t')],
    ['model main', 'tool t', 'done t'],
  ],
  [
    'runs a command in the foreground',
    [started('a'), system('task_notification', { task_id: 'a' })],
    ['task a', 'done a'],
  ],
  [
    'runs a task that outlives the turn',
    [inBackground('a'), started('a'), started('b'), result, progress('a'), inBackground()],
    ['task a', 'task b', 'done b', 'task a', 'done a'],
  ],
  [
    'runs a task that fails',
    [started('a'), system('task_updated', { task_id: 'a', patch: { status: 'failed' } })],
    ['task a', 'done a'],
  ],
  ['watches files', [started('a', { ambient: true }), progress('a')], []],
  ['says the same twice', [call('t'), frame('tool_progress', progressOf('t'))], ['tool t']],
  ['says what is not known', [system('never_seen'), frame('never_seen'), frame('user', { message: {} })], []],
])('the process %s', (_, frames, expected) => {
  expect(read(...frames)).toEqual(expected)
})

function progressOf(id: string, more: object = {}) {
  return { tool_use_id: id, tool_name: 'Bash', elapsed_time_seconds: 30, ...more }
}

test('a retry says when, and why', () => {
  const before = Date.now()
  const [told] = new ActivityReader().read(retry)
  expect(told).toMatchObject({ attempt: 2, maxAttempts: 10, delayMs: 8_000, httpStatus: 529 })
  expect(told).toMatchObject({ reason: 'overloaded' })
  if (told?.kind !== 'retry') throw new Error('not a retry')
  expect(Date.parse(told.retryAt) - Date.parse(told.since)).toBeGreaterThanOrEqual(8_000)
  expect(Date.parse(told.since)).toBeGreaterThanOrEqual(before)
})

test('a subagent is told with its agent, its progress and the retries of its call', () => {
  const reader = new ActivityReader()
  const [began] = reader.read(started('a', { subagent_type: 'Explore', tool_use_id: 't' }))
  expect(began).toMatchObject({
    kind: 'subagent',
    agent: 'Explore',
    toolUseId: 't',
    toolUses: 0,
    toolName: null,
  })
  const [went] = reader.read(progress('a', { subagent_type: 'Explore', summary: 'Reading' }))
  expect(went).toMatchObject({ toolUses: 1, tokens: 7, toolName: 'Grep', summary: 'Reading' })
  expect(went).toHaveProperty('since', began && 'since' in began ? began.since : '')
  const subagent_retry = {
    attempt: 1,
    max_retries: 3,
    retry_delay_ms: 5,
    error_status: null,
    error_category: 'x',
  }
  const [tool] = reader.read(frame('tool_progress', progressOf('t', { subagent_retry })))
  expect(tool).toMatchObject({ kind: 'tool', retry: { attempt: 1, httpStatus: null, reason: 'x' } })
})

test('the end of the process ends everything', () => {
  const reader = new ActivityReader()
  for (const message of [requesting, call('t', 'parent'), started('a')]) reader.read(message)
  expect(reader.end().map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
  expect(reader.end()).toEqual([])
})

test('texts are cut and plain, and there are not more than two hundred', () => {
  const reader = new ActivityReader()
  const [task] = reader.read(started('a', { description: `\u001b[31m\u202e${'x'.repeat(5_000)}` }))
  if (task?.kind !== 'task') throw new Error('not a task')
  expect(task.description).toMatch(/^x{299}…$/)
  expect(reader.read(call('x'.repeat(500)))).toEqual([])
  const told = Array.from({ length: 500 }, (_, index) => reader.read(call(`t${index}`, 'p'))).flat()
  expect(told).toHaveLength(199)
})
