import { expect, test } from 'vitest'
import { toFormBefore1 } from './before-1.ts'
import type { AgUiEvent, Content, Outcome } from './protocol.ts'

const finish = (outcome?: Outcome): AgUiEvent => ({
  ...{ type: 'RUN_FINISHED', threadId: 'thread', runId: 'run' },
  ...(outcome && { outcome }),
})
const interrupt: Outcome = {
  type: 'interrupt',
  interrupts: [{ id: 'p1', reason: 'tool_call', message: 'May it?', expiresAt: 'then', metadata: {} }],
}
const parts: Content = [
  { type: 'text', text: 'It is here:' },
  { type: 'image', source: { type: 'data', value: 'AAAA', mimeType: 'image/png' } },
]
const asText = 'It is here:\n[image/png]'

test.each<[string, Outcome, Outcome | undefined]>([
  ['pending calls', { type: 'success', pendingToolCallIds: ['call'] }, { type: 'success' }],
  ['a turn that was cut short', { type: 'cancelled' }, undefined],
  ['interrupts', interrupt, interrupt],
])('the outcome of a run has the form of before 1.0: %s', (_, given, shown) => {
  expect(toFormBefore1(finish(given))).toEqual(finish(shown))
})

test('results of tools are texts before 1.0, and other messages stay as they are', () => {
  const result = { messageId: 'm', toolCallId: 'call', role: 'tool' as const }
  const event = { type: 'TOOL_CALL_RESULT' as const, ...result }
  expect(toFormBefore1({ ...event, content: parts })).toEqual({ ...event, content: asText })
  expect(toFormBefore1({ ...event, content: 'plain' })).toEqual({ ...event, content: 'plain' })
  const said = { id: 'u', role: 'user', content: parts }
  const answered = { id: 't', role: 'tool', toolCallId: 'call' }
  const messages = [said, { ...answered, content: parts }]
  expect(toFormBefore1({ type: 'MESSAGES_SNAPSHOT', messages })).toEqual({
    type: 'MESSAGES_SNAPSHOT',
    messages: [said, { ...answered, content: asText }],
  })
})
