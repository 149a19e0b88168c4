import type { CanUseTool } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import type { PermissionRequest, SessionClient, SessionEvent } from '../client/index.ts'
import { ClientHooks } from './client-hooks.ts'
import { ClientToolPermissions } from './client-tool-permissions.ts'
import { ClientTools } from './client-tools.ts'
import { Requests } from './requests.ts'
import { createSdkMcpServer, tool } from './sdk-mcp-server.ts'

/** The answer to a request when `canUseTool` returns this. */
async function answerTo(kind: 'tool' | 'client_tool', result: unknown): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>()
  const calc = createSdkMcpServer({
    name: 'calc',
    tools: [tool('one', 'One', {}, async () => ({ content: [{ type: 'text', text: '1' }] }))],
  })
  const tools = new ClientTools({ calc })
  await tools.declare([])
  const canUseTool = (async () => result) as unknown as CanUseTool
  const requests = new Requests({
    session: {
      answerIfPending: async (_id: string, body: unknown) => answer.resolve(body),
    } as unknown as SessionClient,
    canUseTool,
    onElicitation: undefined,
    tools,
    toolPermissions: new ClientToolPermissions({
      names: tools.names,
      allowedTools: [],
      canUseTool,
      findMode: () => 'default',
    }),
    hooks: new ClientHooks(undefined, tools.names),
    onFault: answer.reject,
  })
  const toolName = kind === 'tool' ? 'Bash' : 'calc__one'
  const request = {
    kind,
    permissionId: 'p',
    toolName,
    toolUseId: 'use',
    input: {},
    suggestions: [],
    turnId: 't',
  }
  requests.add([request as unknown as PermissionRequest])
  requests.see({ type: 'caught_up' } as SessionEvent)
  return answer.promise
}

const notAnObject = 'it must be an object with behavior'
const unknown = 'behavior must be "allow" or "deny"'

test.each([
  ['deny', notAnObject],
  [true, notAnObject],
  [5, notAnObject],
  [false, notAnObject],
  [undefined, notAnObject],
  [[], notAnObject],
  [{}, unknown],
  [{ behavior: 'DENY' }, unknown],
  [{ behavior: 'zorp' }, unknown],
  [{ behavior: 'deny' }, 'message must be a string'],
  [{ behavior: 'deny', message: 'no', interrupt: 'x' }, 'interrupt must be a boolean'],
  [{ behavior: 'allow', updatedInput: null }, 'updatedInput must be an object'],
  [{ behavior: 'allow', updatedInput: ['x'] }, 'updatedInput must be an object'],
  [{ behavior: 'allow', updatedPermissions: 'x' }, 'updatedPermissions must be a list of objects'],
  [{ behavior: 'allow', updatedPermissions: [null] }, 'updatedPermissions must be a list of objects'],
])('the result %j of canUseTool denies', async (result, fault) => {
  const message = `The canUseTool callback returned an invalid result: ${fault}`
  expect(await answerTo('tool', result)).toEqual({ decision: 'deny', message })
  expect(await answerTo('client_tool', result)).toEqual({ error: message })
})

test('results that are right do what they say', async () => {
  const allowance = { behavior: 'allow' }
  expect(await answerTo('tool', allowance)).toEqual({ decision: 'allow' })
  expect(await answerTo('client_tool', allowance)).toEqual({ result: [{ type: 'text', text: '1' }] })
  const denial = { behavior: 'deny', message: '' }
  expect(await answerTo('tool', denial)).toEqual({ decision: 'deny' })
  expect(await answerTo('client_tool', denial)).toEqual({ error: expect.stringContaining('mcp__calc__one') })
  const later = new Promise(resolve => setImmediate(resolve, 'no answer'))
  expect(await Promise.race([answerTo('tool', null), later])).toBe('no answer')
  expect(await answerTo('client_tool', null)).toEqual({ error: expect.stringContaining('mcp__calc__one') })
})
