import { expect, test } from 'vitest'
import type { SessionEvent } from '../../client/index.ts'
import { CallRequests } from './call-requests.ts'

const event = (type: string, data: object) => ({ type, data }) as unknown as SessionEvent
const message = (role: 'assistant' | 'user', ...content: object[]) =>
  event('message', {
    type: 'claude_code_message',
    message: { type: role, message: { id: 'm', role, content } },
  })
const call = (id: string, name = 'mcp__client__look') => ({ type: 'tool_use', id, name, input: {} })
const request = (toolUseId: string) =>
  event('permission.requested', { kind: 'client_tool', permissionId: toolUseId, toolName: 'look', toolUseId })

test('is incomplete while Claude has said calls of functions that are not asked for', () => {
  const requests = new CallRequests()
  const see = (seen: SessionEvent) => [
    requests.see(seen).map(({ toolUseId }) => toolUseId),
    requests.isIncomplete,
  ]
  expect(see(message('assistant', call('own', 'Bash')))).toEqual([[], false])
  expect(see(request('early'))).toEqual([[], false])
  expect(see(message('assistant', call('early'), call('late'), call('refused')))).toEqual([['early'], true])
  expect(see(request('late'))).toEqual([['late'], true])
  // Such as one whose input does not fit: the server does not ask for its result.
  const refused = { type: 'tool_result', tool_use_id: 'refused', content: 'No', is_error: true }
  expect(see(message('user', refused))).toEqual([[], false])
})
