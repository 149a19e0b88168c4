import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange } from '../../contract/doors.ts'
import { answerLegacy } from './legacy-http.ts'
import { Mailboxes } from './mailboxes.ts'

/** Keys of mailboxes that are open. */
const open = new Set<string>()

beforeEach(() => {
  const { open: openOne } = Mailboxes.prototype
  vi.spyOn(Mailboxes.prototype, 'open').mockImplementation(function (this: Mailboxes, key, receive) {
    const end = openOne.call(this, key, receive)
    open.add(JSON.stringify(key))
    return () => {
      open.delete(JSON.stringify(key))
      end()
    }
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  open.clear()
})

const call = {
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'wait_for_turn', arguments: { sessionId: 'session', turnId: 'turn' } },
}

/** Sends a call whose turn does not end. */
function send(signal: AbortSignal, change: (request: Request) => Request = request => request) {
  const request = new Request('http://door.internal/doors/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{}',
    signal,
  })
  const exchange: DoorExchange = {
    request: change(request),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    fetch: () => new Promise(() => {}),
    logFault: error => expect.unreachable(String(error)),
  }
  const client = new ClaudeCodeClient({ baseUrl: apiBase, fetch: exchange.fetch })
  return answerLegacy(exchange, client, call)
}

test('a call has a mailbox until its client leaves', async () => {
  const leaving = new AbortController()
  const { status } = await send(leaving.signal)
  expect([status, open.size]).toEqual([200, 1])
  leaving.abort()
  expect(open.size).toBe(0)
})

test('a call whose response is not read to its end leaves no mailbox', async () => {
  const { body } = await send(new AbortController().signal)
  expect(open.size).toBe(1)
  await body?.cancel()
  expect(open.size).toBe(0)
})

test('a call whose client has left before leaves no mailbox', async () => {
  await send(AbortSignal.abort())
  expect(open.size).toBe(0)
})

test('a call that fails leaves no mailbox', async () => {
  const broken = (request: Request) =>
    Object.defineProperty(request, 'method', {
      get() {
        expect(open.size).toBe(1)
        throw new Error('broken by the test')
      },
    })
  await expect(send(new AbortController().signal, broken)).rejects.toThrow('broken by the test')
  expect(open.size).toBe(0)
})

test('each event of a stream has an id', async () => {
  const leaving = new AbortController()
  const { body } = await send(leaving.signal, request => {
    request.headers.set('mcp-protocol-version', '2025-11-25')
    return request
  })
  leaving.abort()
  expect(await new Response(body).text()).toMatch(/^id: [\w-]+\ndata: \n\n$/)
})
