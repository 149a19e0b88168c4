import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { program } from './program.ts'

/** An exchange with a body, whose calls of the API are answered by a function. */
function exchangeOf(body: object, answer: (path: string) => Response, signal?: AbortSignal) {
  const faults: unknown[] = []
  const run = { threadId: 'thread', runId: 'run', messages: [{ id: '1', role: 'user', content: 'hello' }] }
  const init = { method: 'POST', body: JSON.stringify({ ...run, ...body }), ...(signal && { signal }) }
  const exchange: DoorExchange = {
    request: new Request('http://door.internal', init),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    fetch: async url => answer(new URL(String(url)).pathname.replace(/^\/sessions\/[^/]+/, '')),
    logFault: fault => void faults.push(fault),
  }
  return { exchange, faults }
}

const lost = () => {
  throw new TypeError('fetch failed')
}

test('a node that cannot be reached is a 503 that can be tried again', async () => {
  const { exchange } = exchangeOf({}, lost)
  await expect(program.answer('run', exchange)).rejects.toMatchObject({ code: 'NODE_UNAVAILABLE' })
  await expect(program.answer('connect', exchangeOf({}, lost).exchange)).rejects.toMatchObject({
    code: 'NODE_UNAVAILABLE',
  })
})

test('a node that is lost meanwhile ends the run with this code', async () => {
  const { exchange, faults } = exchangeOf({}, path => {
    if (path === '') return Response.json({ lastTurn: null, config: {}, openRequests: 0 })
    if (path === '/messages') return Response.json({ turnId: 'turn' }, { status: 202 })
    return path === '/events' ? new Response('event: turn.completed\ndata: {"turnId":"turn"}\n\n') : lost()
  })
  const response = await program.answer('run', exchange)
  const events = (await response.text()).trim().split('\n\n')
  expect(events.map(event => JSON.parse(event.slice('data: '.length)))).toMatchObject([
    { type: 'RUN_STARTED' },
    { type: 'RUN_ERROR', code: 'NODE_UNAVAILABLE' },
  ])
  expect(faults).toEqual([])
})

test.each(['a\0b', 'half \ud800'])('a thread id that cannot be stored is named: %j', async threadId => {
  const { exchange } = exchangeOf({ threadId }, lost)
  await expect(program.answer('run', exchange)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { issues: [{ path: 'threadId', message: expect.stringContaining('must not contain') }] },
  })
})
