import { expect, test } from 'vitest'
import { MessageUpdates } from './message-updates.ts'

/** Messages as Claude Code sends them. */
function open(own = new Set<string>()) {
  const updates = new MessageUpdates({ isOwn: turnId => own.has(turnId ?? ''), notices: true })
  let sequence = 0
  const of = (message: Record<string, unknown>) => [
    ...updates.ofMessage({ message, sequence: ++sequence, turnId: 'turn' }),
  ]
  const say = (id: string, ...content: object[]) => of({ type: 'assistant', message: { id, content } })
  const call = (name: string, id: string, input: object) =>
    say(`msg-${id}`, { type: 'tool_use', id, name, input })
  const result = (id: string, content: unknown, data?: unknown, more: object = {}) =>
    of({
      type: 'user',
      tool_use_result: data,
      message: { content: [{ type: 'tool_result', tool_use_id: id, content, ...more }] },
    })
  return { updates, of, say, call, result }
}

test('a list of tasks is a plan, whichever tool keeps it; calls that fail change nothing', () => {
  const { call, result } = open()
  const todos = [{ content: 'Tidy up', status: 'in_progress', activeForm: 'Tidying up' }]
  expect(call('TodoWrite', 'a', { todos })).toEqual([])
  const entry = { content: 'Tidy up', priority: 'medium', status: 'in_progress' }
  expect(result('a', 'ok')).toEqual([{ sessionUpdate: 'plan', entries: [entry] }])
  call('TodoWrite', 'b', { todos: [] })
  expect(result('b', 'no', undefined, { is_error: true })).toEqual([])
  call('TodoWrite', 'c', { todos: [] })
  expect(result('c', 'ok')).toEqual([{ sessionUpdate: 'plan', entries: [] }])

  call('TaskCreate', 'd', { subject: 'Build', description: 'it' })
  const built = { content: 'Build', priority: 'medium', status: 'pending' }
  expect(result('d', 'ok', { task: { id: '7', subject: 'Build' } })).toMatchObject([{ entries: [built] }])
  call('TaskUpdate', 'e', { taskId: '7', status: 'completed' })
  expect(result('e', 'ok')).toMatchObject([{ entries: [{ ...built, status: 'completed' }] }])
  call('TaskList', 'f', {})
  expect(result('f', 'ok')).toEqual([])
  call('TaskUpdate', 'g', { taskId: '7', status: 'deleted' })
  expect(result('g', 'ok')).toMatchObject([{ entries: [] }])
})

test('what deltas have brought is not sent again, also after a broken connection', () => {
  const { updates, say } = open()
  const text = (piece: string) =>
    updates.sent.add({
      turnId: 'turn',
      messageId: 'm',
      blockIndex: 0,
      delta: { type: 'text', text: piece },
    })
  expect([text('One '), text('two ')]).toEqual(['One ', 'two '])
  updates.sent.again()
  expect([text('One two th'), text('ree')]).toEqual(['th', 'ree'])
  expect(say('m', { type: 'text', text: 'One two three four' })).toMatchObject([
    { content: { text: ' four' } },
  ])
  expect(say('m', { type: 'text', text: 'more' })).toMatchObject([{ content: { text: 'more' } }])
  text('dropped')
  updates.sent.drop('m', 0)
  expect(say('m', { type: 'text', text: 'again' })).toMatchObject([{ content: { text: 'again' } }])
})

test('of subagents the calls are shown, with the call that they belong to', () => {
  const { of } = open()
  const content = [
    { type: 'text', text: 'for Claude' },
    { type: 'tool_use', id: 'inner', name: 'Grep', input: { pattern: 'x', path: '/src' } },
  ]
  expect(of({ type: 'assistant', parent_tool_use_id: 'outer', message: { id: 'm', content } })).toMatchObject(
    [{ toolCallId: 'inner', kind: 'search', _meta: { 'claude-code-api': { parentToolCallId: 'outer' } } }],
  )
})

test('an edit keeps its diff, other results replace the content; images are shown', () => {
  const { call, result } = open()
  const edit = { file_path: '/a', old_string: 'x', new_string: 'y' }
  expect(call('Edit', 'a', edit)).toMatchObject([
    { content: [{ type: 'diff', path: '/a', oldText: 'x', newText: 'y' }] },
  ])
  expect(result('a', 'The file was updated')).toEqual([
    { sessionUpdate: 'tool_call_update', toolCallId: 'a', status: 'completed' },
  ])
  call('MultiEdit', 'b', { file_path: '/a', edits: [edit, edit] })
  expect(result('b', 'No such text', undefined, { is_error: true })).toMatchObject([
    {
      status: 'failed',
      content: [{ type: 'diff' }, { type: 'diff' }, { content: { text: 'No such text' } }],
    },
  ])
  call('Read', 'c', { file_path: '/a.png', offset: 5 })
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
  expect(result('c', [image])).toMatchObject([
    { content: [{ type: 'content', content: { type: 'image', mimeType: 'image/png', data: 'AAAA' } }] },
  ])
  expect(result('unknown', 'late')).toEqual([])
})

test('calls of any shape are shown', () => {
  const { call } = open()
  for (const [id, input] of [null, 'text', { edits: 'none', file_path: 5 }, { edits: [null] }].entries()) {
    expect(call('MultiEdit', `${id}`, input as object)).toMatchObject([{ kind: 'edit', title: 'MultiEdit' }])
  }
  expect(call('mcp__shop__find_order', 'm', {})).toMatchObject([{ title: 'shop: find_order', kind: 'other' }])
})

test('notices, output of commands, and prompts of others are shown; own prompts are not', () => {
  const { of } = open()
  const prompt = { type: 'user', uuid: 'u', message: { content: 'hello' } }
  expect(of(prompt)).toMatchObject([{ sessionUpdate: 'user_message_chunk', content: { text: 'hello' } }])
  expect(open(new Set(['turn'])).of(prompt)).toEqual([])
  const output = { content: '<local-command-stdout>Compacted</local-command-stdout>' }
  expect(of({ type: 'user', uuid: 'v', message: output })).toMatchObject([
    { sessionUpdate: 'agent_message_chunk', content: { text: 'Compacted' } },
  ])
  expect(of({ type: 'system', subtype: 'compact_boundary', uuid: 'w' })).toMatchObject([
    { sessionUpdate: 'notice', severity: 'info' },
  ])
})
