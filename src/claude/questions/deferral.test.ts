import { expect, test } from 'vitest'
import type { TranscriptEntry } from '../../sessions/ports/index.ts'
import { toDeferral, withoutDeferrals } from './deferral.ts'

const prompt: TranscriptEntry = { type: 'user', uuid: 'u1', message: { role: 'user', content: 'do it' } }
const calling = (uuid: string, id: string, messageId = 'm1'): TranscriptEntry => ({
  type: 'assistant',
  uuid,
  cwd: '/work',
  sessionId: 's',
  version: '1',
  message: { id: messageId, content: [{ type: 'tool_use', id, name: 'Bash', input: { command: id } }] },
})
const result = (uuid: string, id: string): TranscriptEntry => ({
  type: 'user',
  uuid,
  message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] },
})
const note: TranscriptEntry = { type: 'last-prompt' }

test('a conversation that ends with the call is made one that asks for it again', () => {
  const [entry, ...more] = toDeferral([prompt, calling('a1', 't1'), note], 't1') ?? []
  expect(more).toEqual([])
  expect(entry).toMatchObject({
    type: 'attachment',
    parentUuid: 'a1',
    uuid: expect.any(String),
    cwd: '/work',
    sessionId: 's',
    attachment: {
      type: 'hook_deferred_tool',
      toolUseID: 't1',
      toolName: 'Bash',
      toolInput: { command: 't1' },
    },
  })
})

test('one that does so already is left as it is', () => {
  const entries = [prompt, calling('a1', 't1')]
  const deferral = toDeferral(entries, 't1') ?? []
  expect(toDeferral([...entries, ...deferral], 't1')).toEqual([])
})

test('calls of the same message are no hindrance once they have a result', () => {
  const both = [prompt, calling('a1', 't1'), calling('a2', 't2')]
  expect(toDeferral([...both, result('r1', 't1')], 't2')?.[0]).toMatchObject({ parentUuid: 'a2' })
  expect(toDeferral([...both, result('r2', 't2')], 't1')?.[0]).toMatchObject({ parentUuid: 'a1' })
})

test.each<[string, TranscriptEntry[]]>([
  ['does not know the call', [prompt]],
  ['has another open call in the same message', [prompt, calling('a1', 't1'), calling('a2', 't2')]],
  ['has a result of the call', [prompt, calling('a1', 't1'), result('r1', 't1')]],
  ['went on', [prompt, calling('a1', 't1'), prompt]],
  ['went on to another message', [prompt, calling('a1', 't1'), calling('a2', 't2', 'm2')]],
  ['has the call in a subagent only', [prompt, { ...calling('a1', 't1'), isSidechain: true }]],
])('nothing can be done when the conversation %s', (_, entries) => {
  expect(toDeferral(entries, 't1')).toBeUndefined()
})

test('entries of calls that nobody goes on with are taken out, and what followed them follows what was before', () => {
  const entries = [prompt, calling('a1', 't1')]
  const deferred = [...entries, ...(toDeferral(entries, 't1') ?? [])]
  const after = { ...result('r1', 't1'), parentUuid: deferred.at(-1)?.uuid }
  expect(withoutDeferrals(deferred, undefined)).toEqual(entries)
  expect(withoutDeferrals(deferred, 't2')).toEqual(entries)
  expect(withoutDeferrals(deferred, 't1')).toEqual(deferred)
  expect(withoutDeferrals([...deferred, after], undefined)).toEqual([
    ...entries,
    { ...after, parentUuid: 'a1' },
  ])
})
