import { expect, test } from 'vitest'
import type { PermissionRequest } from '../client/index.ts'
import { ClientToolPermissions } from './client-tool-permissions.ts'
import { ToolNames } from './tool-names.ts'

const { signal } = new AbortController()

function open() {
  const asked: string[] = []
  const permissions = new ClientToolPermissions({
    names: new ToolNames(['calc']),
    allowedTools: [],
    canUseTool: async name => {
      asked.push(name)
      return { behavior: 'deny', message: 'no' }
    },
    findMode: () => 'default',
  })
  const request = (turnId: string | null, tool_name = 'mcp__client__calc__add') =>
    ({
      toolUseId: 'use',
      turnId,
      suggestions: [],
      input: {},
      hook: { event: 'PreToolUse', input: { tool_name } },
    }) as unknown as PermissionRequest
  const judge = async (turnId: string | null) => {
    await permissions.judge('mcp__calc__add', request(turnId), signal)
    return asked.length
  }
  return { permissions, request, judge }
}

test('a hook that allows the call of a client tool decides until the turn ends', async () => {
  const { permissions, request, judge } = open()
  permissions.noteHook(request('t'), 'allow')
  permissions.endTurn('other')
  expect(await judge('t')).toBe(0)
  permissions.endTurn('t')
  expect(await judge('t')).toBe(1)
})

test('the decision about a call that belongs to no turn is used once', async () => {
  const { permissions, request, judge } = open()
  permissions.noteHook(request(null), 'allow')
  expect([await judge(null), await judge(null)]).toEqual([0, 1])
})

test.each([
  ['Bash', 'allow'],
  ['mcp__client__calc__add', 'deny'],
  ['mcp__client__calc__add', undefined],
])('of %s the decision %s is not kept, since no call asks for it', async (name, decision) => {
  const { permissions, request, judge } = open()
  permissions.noteHook(request('t', name), decision)
  expect(await judge('t')).toBe(1)
})
