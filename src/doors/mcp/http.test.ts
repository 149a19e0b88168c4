import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { answerMessage } from './http.ts'

const version = '2026-07-28'

type Answer = (signal: AbortSignal | null | undefined, call: string) => Response | Promise<Response>

/** A request of a client, and the calls of the API that it leads to. */
function send(
  body: string,
  headers: Record<string, string> = {},
  answer: Answer = () => new Response(null, { status: 404 }),
) {
  const leaving = new AbortController()
  const calls: string[] = []
  const faults: unknown[] = []
  const exchange: DoorExchange = {
    request: new Request('http://door.internal/doors/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body,
      signal: leaving.signal,
    }),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    fetch: async (input, init) => {
      calls.push(String(input))
      return answer(init?.signal, `${init?.method} ${new URL(String(input)).pathname.split('/').at(-1)}`)
    },
    logFault: error => faults.push(error),
  }
  return { response: answerMessage(exchange), calls, faults, leave: () => leaving.abort() }
}

/** A request of a client since 2026-07-28. */
function request(method: string, params: Record<string, unknown>, answer?: Answer): ReturnType<typeof send> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'tests', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const name = params.name ?? params.uri
  const headers = {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': String(name) }),
  }
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }
  return send(JSON.stringify(message), headers, answer)
}

function refuse(status: number, code: string, retry: object): Response {
  return Response.json({ success: false, error: { code, message: 'Refused', ...retry } }, { status })
}

type Fault = { code: number; message: string }

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

test.each([
  ['', -32_700],
  ['{', -32_700],
  ['null', -32_600],
  ['true', -32_600],
  ['7', -32_600],
  ['"ping"', -32_600],
  ['{}', -32_600],
  ['[]', -32_600],
  ['[null]', -32_600],
  ['[[]]', -32_600],
  [JSON.stringify([[ping]]), -32_600],
  [JSON.stringify([ping, 7]), -32_600],
  [JSON.stringify({ ...ping, jsonrpc: '1.0' }), -32_600],
  [JSON.stringify({ ...ping, jsonrpc: 2 }), -32_600],
  [JSON.stringify({ ...ping, jsonrpc: undefined }), -32_600],
  [JSON.stringify({ ...ping, id: null }), -32_600],
  [JSON.stringify({ ...ping, id: {} }), -32_600],
  [JSON.stringify({ ...ping, id: true }), -32_600],
  [JSON.stringify({ ...ping, id: 1.5 }), -32_600],
  [JSON.stringify({ ...ping, method: 7 }), -32_600],
  [JSON.stringify({ ...ping, params: [] }), -32_600],
  [JSON.stringify({ jsonrpc: '2.0', id: null, result: {} }), -32_600],
  [
    JSON.stringify([{ ...ping, params: { _meta: { 'io.modelcontextprotocol/protocolVersion': version } } }]),
    -32_600,
  ],
])('the body %s is refused as JSON-RPC says', async (body, code) => {
  const { response, faults } = send(body)
  const { status, headers } = await response
  expect([status, headers.get('content-type')]).toEqual([400, 'application/json'])
  const { jsonrpc, error } = (await (await response).json()) as { jsonrpc: string; error: Fault }
  expect([jsonrpc, error.code]).toEqual(['2.0', code])
  expect(error.message).not.toBe('')
  expect(faults).toEqual([])
})

test('a batch is bounded before anything in it counts', async () => {
  const id = 'elicitation:session:permission'
  const answers = Array(101).fill({ jsonrpc: '2.0', id, result: { action: 'decline' } })
  const { response, calls } = send(JSON.stringify(answers))
  const { error } = (await (await response).json()) as { error: Fault }
  expect([(await response).status, error]).toEqual([
    400,
    { code: -32_600, message: expect.stringContaining('100') },
  ])
  expect(calls).toEqual([])
})

test.each([
  ['not JSON'],
  ['null'],
  ['7'],
  ['{}'],
  [JSON.stringify({ turnId: '', after: 0, until: null })],
  [JSON.stringify({ turnId: 'turn', after: -1, until: null })],
  [JSON.stringify({ turnId: 'turn', after: 0, until: 'later' })],
  [JSON.stringify({ turnId: 'turn', after: 0, until: null, more: true })],
])('the requestState %s is refused by its name', async requestState => {
  const { response, calls, faults } = request('tools/call', {
    name: 'prompt',
    arguments: { sessionId: 'session', prompt: 'hello' },
    inputResponses: {},
    requestState,
  })
  expect(await (await response).text()).toMatch(/"error":\{"code":-32602,"message":"[^"]*requestState/)
  expect([calls, faults]).toEqual([[], []])
})

test.each([
  ['resources/read', { uri: 5 }, 'params.uri: '],
  ['resources/read', {}, 'params.uri: '],
  ['resources/list', { cursor: 5 }, 'params.cursor: '],
  ['tools/list', { cursor: {} }, 'params.cursor: '],
  ['tools/call', { name: 'prompt', arguments: [] }, 'params.arguments: '],
  ['tools/call', { name: 5 }, 'params.name: '],
])('%s with %o is refused by the name of the parameter, in all versions', async (method, params, name) => {
  const message = { jsonrpc: '2.0', id: 1, method, params }
  for (const { response, calls, faults } of [send(JSON.stringify(message)), request(method, params)]) {
    const [, error = '{}'] = /"error":(\{[^{}]*\})/.exec(await (await response).text()) ?? []
    expect(JSON.parse(error)).toEqual({ code: -32_602, message: expect.stringContaining(name) })
    expect(error).not.toMatch(/\\n|\[|Error/)
    expect([calls, faults]).toEqual([[], []])
  }
})

test('an answer to an elicitation that the API refuses returns the request, still open', async () => {
  const ids = { sessionId: 'session', turnId: 'turn' }
  const asked = { permissionId: 'asked', kind: 'elicitation', toolName: 'ask', status: 'pending' }
  const open = { ...ids, ...asked, input: {}, suggestions: [], elicitation: { mode: 'form' } }
  const bodies: Record<string, object> = {
    'GET asked': open,
    'GET turn': { ...ids, status: 'requires_action', response: null, error: null },
    'GET permissions': { permissions: [open], pagination: { nextCursor: null } },
  }
  const { response } = request(
    'tools/call',
    {
      name: 'wait_for_turn',
      arguments: ids,
      inputResponses: { asked: { action: 'accept', content: { name: 5 } } },
      requestState: JSON.stringify({ turnId: 'turn', after: 0, until: null }),
    },
    (_, call) => {
      const body = bodies[call]
      const isRefused = call === 'POST asked'
      expect(body !== undefined || isRefused).toBe(true)
      return isRefused ? refuse(400, 'INVALID_REQUEST', {}) : Response.json({ success: true, ...body })
    },
  )
  const text = await (await response).text()
  expect(text).toContain('"status":"requires_action"')
  expect(text).toContain('"requestId":"asked"')
  expect(text).not.toContain('isError')
})

test('a refusal that says to try again goes to the client at once', async () => {
  const { response, calls } = request('tools/call', { name: 'start_session', arguments: {} }, () =>
    refuse(429, 'MAX_SESSIONS_REACHED', { retryable: true, retry: 'same_key' }),
  )
  expect(await (await response).text()).toContain('"text":"MAX_SESSIONS_REACHED: Refused"')
  expect(calls).toHaveLength(1)
})

const long = 'x'.repeat(20_000)

test.each([
  ['prompt', 'sessionId', { sessionId: long, prompt: 'hello' }],
  ['prompt', 'sessionId', { sessionId: '..', prompt: 'hello' }],
  ['interrupt', 'sessionId', { sessionId: long }],
  ['interrupt', 'turnId', { sessionId: 'session', turnId: long }],
  ['end_session', 'sessionId', { sessionId: long }],
  ['list_requests', 'sessionId', { sessionId: long }],
  ['list_requests', 'cursor', { cursor: long }],
  ['list_sessions', 'preset', { preset: long }],
  ['list_sessions', 'tag', { tag: Array(10_000).fill('tag') }],
  ['list_sessions', 'tag', { tag: [long] }],
  ['list_sessions', 'cursor', { cursor: long }],
  ['list_presets', 'cursor', { cursor: long }],
  ['read_history', 'cursor', { sessionId: 'session', cursor: long }],
  ['list_files', 'cursor', { sessionId: 'session', cursor: long }],
  ['list_files', 'path', { sessionId: 'session', path: long }],
  ['read_file', 'path', { sessionId: 'session', path: '\u20ac'.repeat(4_000) }],
  ['read_diff', 'since', { sessionId: 'session', since: long }],
  ['read_diff', 'path', { sessionId: 'session', path: long }],
  ['answer_request', 'requestId', { sessionId: 'session', requestId: long, decision: 'allow' }],
  ['answer_request', 'requestId', { sessionId: 'session', requestId: '..', decision: 'allow' }],
])('%s refuses a wrong %s by its name, before the API is called', async (name, field, input) => {
  const { response, calls, faults } = request('tools/call', { name, arguments: input })
  const text = await (await response).text()
  expect(text).toMatch(new RegExp(`"isError":true.*\\b${field}\\b|\\b${field}\\b.*"isError":true`))
  expect(text.length).toBeLessThan(1_000)
  expect([calls, faults]).toEqual([[], []])
})

const root = 'claude-code://sessions'

test.each([
  ['resources/list', { cursor: long }, /^cursor: /],
  ['resources/read', { uri: `${root}/${'x'.repeat(300)}/transcript` }, /^uri: sessionId: must be an id/],
  ['resources/read', { uri: `${root}/session/turns/%20/diff` }, /^uri: turnId: must be an id/],
  ['resources/read', { uri: `${root}/session/files/${'x'.repeat(5_000)}` }, /^uri: path: must be at most/],
])('%s refuses wrong parameters, before the API is called', async (method, params, message) => {
  const { response, calls, faults } = request(method, params)
  const { error } = (await (await response).json()) as { error: Fault }
  expect(error).toMatchObject({ code: -32_602, message: expect.stringMatching(message) })
  expect([calls, faults]).toEqual([[], []])
})

test.each([
  [403, 'PATH_NOT_ALLOWED', false, -32_602],
  [429, 'RATE_LIMITED', true, -32_603],
  [500, 'INTERNAL_ERROR', false, -32_603],
])('a resource that the API refuses with %i %s (retryable: %s) is error %i', async (status, ...rest) => {
  const [code, retryable, expected] = rest
  const { response, calls } = request(
    'resources/read',
    { uri: `${root}/session/files/%2Fetc%2Fpasswd` },
    () => refuse(status, code, { retryable, retry: retryable ? 'same_key' : 'never' }),
  )
  const { error } = (await (await response).json()) as { error: Fault }
  expect(error).toMatchObject({ code: expected, message: `${code}: Refused` })
  expect(calls).toHaveLength(1)
})

test('an answer to an elicitation with an id that is too long is not given to the API', async () => {
  const message = { jsonrpc: '2.0', id: `elicitation:session:${long}`, result: { action: 'decline' } }
  const { response, calls, faults } = send(JSON.stringify(message))
  expect((await response).status).toBe(202)
  expect([calls, faults]).toEqual([[], []])
})

test('the preset of a new session is not waited for after its client has left', async () => {
  const asked = Promise.withResolvers<AbortSignal | null | undefined>()
  const input = { name: 'start_session', arguments: { preset: 'reviewer' } }
  const { leave } = request('tools/call', input, signal => {
    asked.resolve(signal)
    return new Promise(() => {})
  })
  const signal = await asked.promise
  expect(signal?.aborted).toBe(false)
  leave()
  expect(signal?.aborted).toBe(true)
})
