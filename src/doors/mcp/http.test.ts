import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { answerMessage } from './http.ts'

const version = '2026-07-28'

/** A request of a client, and the calls of the API that it leads to. */
function send(body: string, headers: Record<string, string> = {}) {
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
    }),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    fetch: async input => {
      calls.push(String(input))
      return new Response(null, { status: 404 })
    },
    logFault: error => faults.push(error),
  }
  return { response: answerMessage(exchange), calls, faults }
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
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'tests', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = {
    name: 'prompt',
    arguments: { sessionId: 'session', prompt: 'hello' },
    inputResponses: {},
    requestState,
    _meta,
  }
  const headers = { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': 'prompt' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  const { response, calls, faults } = send(body, headers)
  expect(await (await response).text()).toMatch(/"error":\{"code":-32602,"message":"[^"]*requestState/)
  expect([calls, faults]).toEqual([[], []])
})
