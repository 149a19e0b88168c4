import { expect, test } from 'vitest'
import type { ClaudeCodeClient } from '../../client/index.ts'
import { readChatRequest } from './chat-request.ts'
import type { Context, GivenRequest } from './common-request.ts'
import { encodeCall } from './ids.ts'
import { toAgent } from './models.ts'
import { startTurn } from './start-turn.ts'

const turnId = '00000000-0000-4000-8000-000000000002'
const stored = { status: 'active', state: 'idle', lastSequence: 9, openRequests: 0, config: {}, preset: null }
const plain = {
  model: 'claude-code',
  newest: { prompt: [{ type: 'text', text: 'Hello' }] },
  history: [],
  sessionName: 'diary',
} as Partial<GivenRequest> as GivenRequest

/** Begins a turn in a session that exists; the server answers with this turn. */
async function beginWith(firstSequence: number | null, config = {}, request = plain) {
  const calls: string[] = []
  const note = <T>(name: string, value: T) => {
    calls.push(name)
    return Promise.resolve(value)
  }
  const turn = { turnId, firstSequence, createdAt: '2026-01-02T03:04:05.678Z' }
  const session = (id: string) => ({
    id,
    find: () => note('find', { ...stored, config }),
    get: () => note('get', stored),
    getTurn: () => note('getTurn', turn),
    update: (changes: object) => note(`update ${JSON.stringify(changes)}`, stored),
    submit: () => note('submit', { turnId }),
  })
  const client = { session } as unknown as ClaudeCodeClient
  const { signal } = new AbortController()
  const context: Context = { client, caller: { tenantId: 't', keyId: 'k' }, signal, logFault: () => {} }
  return {
    ...(await startTurn(
      context,
      { ...request, agent: toAgent(request.model) },
      { isBackground: false, field: 'messages' },
    )),
    calls,
  }
}

test('a session that was found is not fetched again', async () => {
  const { calls, turn, stored: session } = await beginWith(null)
  expect(calls).toEqual(['find', 'submit', 'getTurn'])
  expect([turn.createdAt, session]).toEqual(['2026-01-02T03:04:05.678Z', stored])
})

test('a repeated request reads its turn from the start, and a new one does not read the log before it', async () => {
  expect((await beginWith(3)).from).toBe(2)
  expect((await beginWith(null)).from).toBe(9)
})

test('functions and a format in another order of fields are those of the session', async () => {
  const tool = (description: string, parameters: object) => ({
    type: 'function',
    function: { name: 'look', description, parameters },
  })
  const body = {
    model: 'claude-code',
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [tool('Looks', { properties: { at: { type: 'string' } }, required: ['at'] })],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { properties: {}, type: 'object' } },
    },
  }
  const inputSchema = { required: ['at'], properties: { at: { type: 'string' } }, type: 'object' }
  const config = {
    clientTools: [{ readOnly: true, inputSchema, description: 'Looks', name: 'look' }],
    outputFormat: { schema: { type: 'object', properties: {} }, type: 'json_schema' },
  }
  const headers = new Headers({ 'x-session-id': 'diary' })
  const same = await beginWith(null, config, readChatRequest(body, headers))
  expect(same.calls).toEqual(['find', 'submit', 'getTurn'])
  const other = readChatRequest({ ...body, tools: [tool('Stares', {})] }, headers)
  expect((await beginWith(null, config, other)).calls[1]).toContain('update {"clientTools":[{"name":"look"')
  const changed = { ...body, response_format: { type: 'json_object' } }
  await expect(beginWith(null, config, readChatRequest(changed, headers))).rejects.toThrow('response_format')
})

test('a prompt that the API would refuse is refused before a session is created or changed', async () => {
  const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' } as const
  const newest = { prompt: [{ type: 'image', source } as const] }
  const refused = beginWith(null, {}, { ...plain, newest })
  await expect(refused).rejects.toThrow(/^prompt\[0\]\.source\.media_type: image\/png must match the data/)
})

test.each([
  ['a'.repeat(1_000_001), '2', /^messages\[3\]: result: /],
  [[{ type: 'image', data: 'AAAA', mimeType: 'image/bmp' }], '2', /^messages\[3\]: result\[0\]\.mimeType: /],
  ['again', '1', /^messages\[3\]: must not be a second result/],
] as const)('of several results none is given if one of them is wrong: %#', async (result, id, message) => {
  const callId = (digit: string) =>
    encodeCall({ sessionId: turnId, permissionId: `00000000-0000-4000-8000-00000000000${digit}` })
  const results = [
    { role: 'tool', callId: callId('1'), result: 'good', path: 'messages[2]' },
    { role: 'tool', callId: callId(id), result, path: 'messages[3]' },
  ]
  const request = { ...plain, newest: { results } } as unknown as GivenRequest
  await expect(beginWith(null, {}, request)).rejects.toThrow(message)
})
