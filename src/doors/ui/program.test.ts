import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { program } from './program.ts'

type Answer = (path: string) => Response | Promise<Response>

/** A request of a client to the door, whose API answers so. */
async function answer(answers: Answer, body: object = {}) {
  const calls: string[] = []
  const exchange = {
    request: new Request('http://door.test/chat', {
      method: 'POST',
      body: JSON.stringify({ id: 'c', messages: [hello], ...body }),
    }),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    async fetch(url: unknown, init?: RequestInit) {
      const path = `${init?.method} ${new URL(String(url)).pathname.replace(/[0-9a-f-]{36}/, ':id')}`
      calls.push(path)
      return await answers(path)
    },
    logFault(error: unknown) {
      throw error
    },
  } as DoorExchange
  const response = await program.answer('sendMessages', exchange)
  return { status: response.status, headers: response.headers, text: await response.text(), calls }
}

const hello = { id: 'm', role: 'user', parts: [{ type: 'text', text: 'hello' }] }
const session = { sessionId: 's', state: 'idle', preset: null, config: {} }
const overloaded = () => {
  const error = { code: 'SERVER_LIMIT_REACHED', message: 'Too many', retryable: true, retry: 'same_key' }
  return Response.json(
    { success: false, error, requestId: 'r' },
    { status: 503, headers: { 'Retry-After': '2' } },
  )
}
const broken = () => Promise.reject(new TypeError('fetch failed'))

test('a refusal of the API is passed on at once, with its wait', async () => {
  const { status, headers, text, calls } = await answer(overloaded)
  expect([status, headers.get('retry-after'), text]).toEqual([503, '2', 'Too many (SERVER_LIMIT_REACHED)'])
  expect(calls).toEqual(['GET /sessions/:id'])
})

test('an API that does not answer is unavailable, which is no fault', async () => {
  const { status, text, calls } = await answer(broken)
  expect([status, text, calls.length]).toEqual([503, 'The API did not answer (NODE_UNAVAILABLE)', 1])
})

test('the stream of a turn is opened again when it breaks', async () => {
  const turnId = '00000000-0000-4000-8000-000000000000'
  const ended = { turnId, sequence: 2, status: 'completed', stopReason: 'end_turn', usage: null }
  let isBroken = true
  const { status, text, calls } = await answer(path => {
    if (path === 'GET /sessions/:id') return Response.json(session)
    if (path === 'POST /sessions/:id/messages') return Response.json({ turnId }, { status: 202 })
    if (isBroken) {
      isBroken = false
      return broken()
    }
    const events = `id: 2\nevent: turn.completed\ndata: ${JSON.stringify(ended)}\n\n`
    return new Response(events, { headers: { 'Content-Type': 'text/event-stream' } })
  })
  expect([status, calls.slice(2)]).toEqual([200, ['GET /sessions/:id/events', 'GET /sessions/:id/events']])
  expect(text).toContain('"finishReason":"stop"')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})
