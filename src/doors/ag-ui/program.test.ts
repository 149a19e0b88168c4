import { expect, test } from 'vitest'
import type { DoorExchange } from '../../contract/doors.ts'
import { program } from './program.ts'

/** An exchange with a body, whose calls of the API are answered by a function. */
function exchangeOf(body: object, answer: (path: string, search: string) => Response, signal?: AbortSignal) {
  const faults: unknown[] = []
  const run = { threadId: 'thread', runId: 'run', messages: [{ id: '1', role: 'user', content: 'hello' }] }
  const init = { method: 'POST', body: JSON.stringify({ ...run, ...body }), ...(signal && { signal }) }
  const exchange: DoorExchange = {
    request: new Request('http://door.internal', init),
    params: {},
    caller: { tenantId: 'tenant', keyId: 'key' },
    requestId: 'request',
    fetch: async url => {
      const { pathname, search } = new URL(String(url))
      return answer(pathname.replace(/^\/sessions\/[^/]+/, ''), search)
    },
    logFault: fault => void faults.push(fault),
  }
  return { exchange, faults }
}

const lost = () => {
  throw new TypeError('fetch failed')
}

async function readEvents(response: Response): Promise<object[]> {
  const events = (await response.text()).trim().split('\n\n')
  return events.map(event => JSON.parse(event.slice('data: '.length)))
}

/** A stream of events of the API. */
function toStream(events: readonly [type: string, data: object][]): Response {
  const texts = events.map(([type, data]) => {
    const id = 'sequence' in data && type !== 'caught_up' ? `id: ${data.sequence}\n` : ''
    return `event: ${type}\n${id}data: ${JSON.stringify(data)}\n\n`
  })
  return new Response(texts.join(''))
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
  expect(await readEvents(await program.answer('run', exchange))).toMatchObject([
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

test('a long thread is shown whole, and its running turn is read from where the log ended', async () => {
  const turnId = 'turn'
  const toMessage = (sequence: number, role: string, text: string): [string, object] => {
    const message = { type: role, uuid: `m${sequence}`, message: { id: `m${sequence}`, role, content: text } }
    return ['message', { type: 'claude_code_message', sequence, turnId, timestamp: 't', message }]
  }
  const count = 1_200
  const log: [string, object][] = [
    ['turn.started', { sequence: 1, turnId, status: 'running', startedAt: 't' }],
    ...Array.from({ length: count }, (_, index) => toMessage(index + 2, 'user', `${index} `.repeat(100))),
  ]
  const last = count + 1
  const rest: [string, object][] = [
    ['caught_up', { sequence: last }],
    ['message', { ...toMessage(last + 1, 'assistant', '')[1], message: answer('Done') }],
    ['turn.completed', { sequence: last + 2, turnId, status: 'completed', endedAt: 't' }],
  ]
  const reads: string[] = []
  const { exchange } = exchangeOf({}, (path, search) => {
    if (path === '') return Response.json({ lastTurn: null, config: {}, openRequests: 0 })
    if (path !== '/events') return Response.json({ turnId, status: 'completed', error: null })
    reads.push(search)
    return toStream(search.includes('turnId') ? rest : [...log, ['caught_up', { sequence: last }]])
  })
  const events = await readEvents(await program.answer('connect', exchange))
  expect(events.map(event => 'type' in event && event.type)).toEqual([
    ...['RUN_STARTED', 'MESSAGES_SNAPSHOT', 'TEXT_MESSAGE_START', 'TEXT_MESSAGE_CONTENT', 'TEXT_MESSAGE_END'],
    'RUN_FINISHED',
  ])
  const [, { messages }] = events as [object, { messages: { content: string }[] }]
  expect(messages.map(({ content }) => content)).toEqual(
    Array.from({ length: count }, (_, index) => `${index} `.repeat(100)),
  )
  expect(reads).toEqual(['?after=0&includeDeltas=false', `?after=${last}&turnId=turn&includeDeltas=true`])
})

function answer(text: string) {
  return { type: 'assistant', message: { id: 'answer', content: [{ type: 'text', text }] } }
}

test('a client that leaves interrupts its turn, also without a signal', async () => {
  const interrupted: string[] = []
  const { exchange } = exchangeOf({}, path => {
    if (path === '') return Response.json({ lastTurn: null, config: {}, openRequests: 0 })
    if (path === '/messages') return Response.json({ turnId: 'turn' }, { status: 202 })
    interrupted.push(path)
    return Response.json({ interrupted: [], cancelled: [] })
  })
  const reader = (await program.answer('run', exchange)).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(interrupted).toEqual(['/interrupt'])
})

test.each([
  ['1.0', { type: 'success', pendingToolCallIds: ['call'] }],
  [undefined, { type: 'success' }],
])(
  'a result of a tool without a call is named, and waiting calls in version %s',
  async (protocolVersion, outcome) => {
    const result = { id: '2', role: 'tool', toolCallId: 'unknown', content: 'x' }
    const turnId = 'turn'
    const asked = {
      permissionId: 'p',
      turnId,
      kind: 'client_tool',
      toolUseId: 'call',
      toolName: 'mcp__client__x',
    }
    const request = { ...asked, input: {}, suggestions: [], status: 'pending', sequence: 2, expiresAt: 't' }
    const encoder = new TextEncoder()
    const { exchange } = exchangeOf({ messages: [result], protocolVersion }, path => {
      if (path === '/permissions') return Response.json({ permissions: [request] })
      if (path === '') {
        return Response.json({ lastTurn: { turnId, endedAt: null }, config: {}, openRequests: 1 })
      }
      const frames = [
        `event: turn.started\nid: 1\ndata: ${JSON.stringify({ sequence: 1, turnId, status: 'running' })}\n\n`,
        `event: permission.requested\nid: 2\ndata: ${JSON.stringify(request)}\n\n`,
        'event: caught_up\ndata: {"sequence":2}\n\n',
      ]
      return new Response(
        new ReadableStream({ start: stream => stream.enqueue(encoder.encode(frames.join(''))) }),
      )
    })
    const events = await readEvents(await program.answer('run', exchange))
    expect(events).toContainEqual({
      type: 'CUSTOM',
      name: 'claude-code:ignored',
      value: expect.objectContaining({ fields: ['messages[0]'] }),
    })
    expect(events.at(-1)).toEqual({ type: 'RUN_FINISHED', threadId: 'thread', runId: 'run', outcome })
  },
)
