import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { Connections } from './connections.ts'

async function send(init: RequestInit) {
  const { signal } = new AbortController()
  const request = new Request('http://door.test/doors/acp', { signal, ...init })
  const caller = { tenantId: 'tenant', keyId: 'key' }
  const exchange = { request, caller, params: {}, requestId: 'request' } as unknown as DoorExchange
  const response = await new Connections().answer(exchange)
  if (response.status === 405) expect(response.headers.get('allow')).toBe('GET, POST, DELETE')
  const body = (await response.json()) as { error: { message: string } }
  return { status: response.status, body }
}

const post = (body: string, headers: Record<string, string> = {}) =>
  send({ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
const initialize = (id: string) =>
  `{"jsonrpc":"2.0","id":${id},"method":"initialize","params":{"protocolVersion":1}}`

test.each([
  ['text that is not JSON', () => post('{'), 400, -32_700, 'Parse error'],
  [
    'another type',
    () => post('{}', { 'content-type': 'text/plain' }),
    415,
    -32_600,
    'Unsupported Media Type',
  ],
  [
    'another encoding',
    () => post('{}', { 'content-type': 'application/json; charset=latin1' }),
    415,
    -32_600,
    'Unsupported Media Type',
  ],
  ['a value that is not an object', () => post('5'), 400, -32_600, 'Invalid JSON-RPC message'],
  ['several messages', () => post('[]'), 400, -32_600, 'batches'],
  ['no connection', () => post('{"jsonrpc":"2.0","method":"x"}'), 400, -32_600, 'Missing Acp-Connection-Id'],
  [
    'an unknown connection',
    () => post('{}', { 'acp-connection-id': 'x' }),
    404,
    -32_600,
    'Unknown Acp-Connection-Id',
  ],
  ['no stream', () => send({ method: 'GET' }), 406, -32_600, 'Not Acceptable'],
  ['another method', () => send({ method: 'HEAD' }), 405, -32_600, 'Method Not Allowed'],
  ['an object as an id', () => post(initialize('{}')), 400, -32_600, 'id: must be a string or a number'],
  ['a number that is infinite', () => post(initialize('1e999')), 400, -32_600, 'id: must be'],
  ['null as an id', () => post(initialize('null')), 400, -32_600, 'id: must be'],
])('the transport answers errors of the protocol: %s', async (_, send, status, code, message) => {
  const { status: answered, body } = await send()
  expect(answered).toBe(status)
  expect(body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } })
  expect(body.error.message).toContain(message)
})

test.each(['1', '"one"'])('a connection is opened by a request with the id %s', async id => {
  expect(await post(initialize(id))).toMatchObject({
    status: 200,
    body: { id: JSON.parse(id), result: { protocolVersion: 1 } },
  })
})
