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
const session = { sessionId: crypto.randomUUID(), state: 'idle', preset: null, config: {} }
const refuse = (status: number, code: string, ...paths: string[]) => {
  const issues = paths.map(path => ({ path, message: 'must be good' }))
  const error = { code, message: 'Refused', retryable: status > 404, retry: 'same_key', details: { issues } }
  const headers = { 'Retry-After': '2' }
  return Response.json({ success: false, error, requestId: 'r' }, { status, headers })
}
const broken = () => Promise.reject(new TypeError('fetch failed'))

test('a refusal of the API is passed on at once, with its wait', async () => {
  const { status, headers, text, calls } = await answer(() => refuse(503, 'SERVER_LIMIT_REACHED'))
  expect([status, headers.get('retry-after'), text]).toEqual([503, '2', 'Refused (SERVER_LIMIT_REACHED)'])
  expect(calls).toEqual(['GET /sessions/:id'])
})

test('a chat beyond the limit of sessions is refused at once', async () => {
  const { status, headers, text, calls } = await answer(path => {
    return path === 'POST /sessions' ? refuse(429, 'MAX_SESSIONS_REACHED') : refuse(404, 'SESSION_NOT_FOUND')
  })
  expect([status, headers.get('retry-after'), text]).toEqual([429, '2', 'Refused (MAX_SESSIONS_REACHED)'])
  expect(calls).toEqual(['GET /sessions/:id', 'POST /sessions'])
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

const called = { type: 'tool-Write', toolCallId: 'call', state: 'approval-responded' }
const turnId = crypto.randomUUID()
const continued = (part: object) => ({
  messages: [
    hello,
    { id: turnId, role: 'assistant', metadata: { sequence: 1 }, parts: [hello.parts[0], part] },
  ],
})

test.each<[string, object]>([
  ['state: must be "input-streaming", ', { state: 'zorp' }],
  ['toolCallId: must be a string', { toolCallId: 5 }],
  ['approval: must be set', { approval: undefined }],
  ['approval: must be an object', { approval: null }],
  ['approval.id: must be a string', { approval: { id: 5, approved: true } }],
  ['approval.approved: must be true or false', { approval: { id: 'p', approved: 'yes' } }],
  ['approval.reason: must be a string', { approval: { id: 'p', approved: true, reason: 5 } }],
  ['errorText: must be a string', { state: 'output-error', errorText: 5 }],
])('a call in an answer is refused by its field: %s', async (expected, fields) => {
  const sent = continued({ ...called, ...fields })
  const { status, text, calls } = await answer(broken, sent)
  expect([status, text, calls]).toEqual([400, expect.stringContaining(`messages.1.parts.1.${expected}`), []])
  const alone = await answer(broken, { messages: undefined, message: sent.messages[1] })
  expect(alone.text).toContain(`message.parts.1.${expected}`)
})

const pdf = { type: 'file', mediaType: 'application/pdf', url: 'data:application/pdf;base64,JVBERi0xLjc=' }
const prompted = (...parts: object[]) => ({ messages: [{ ...hello, parts }] })
const textPart = hello.parts[0] as object

test.each<[string, string, object, string]>([
  ['POST /sessions', 'model', {}, 'session.model'],
  ['POST /sessions', 'mcpServers.a.args[0]', {}, 'session.mcpServers.a.args.0'],
  ['POST /sessions', 'clientTools[0].name', {}, 'clientTools.0.name'],
  ['PATCH /sessions/:id', 'model', { session: { model: 'other' } }, 'session.model'],
  ['GET /presets/reviewer', 'version', { preset: 'reviewer@3' }, 'preset'],
  ['POST /sessions/:id/messages', 'onBusy', {}, 'onBusy'],
  ['POST /sessions/:id/messages', 'prompt', {}, 'messages.0.parts.0.text'],
  ['POST /sessions/:id/messages', 'prompt', prompted(textPart, textPart), 'messages.0.parts'],
  [
    ...(['POST /sessions/:id/messages', 'prompt[1].source.data'] as const),
    ...([prompted(textPart, { type: 'data-x' }, pdf), 'messages.0.parts.2.url'] as const),
  ],
  [
    ...(['POST /sessions/:id/messages', 'prompt[0].title'] as const),
    ...([prompted(pdf, textPart), 'messages.0.parts.0.filename'] as const),
  ],
])(
  'what the API refuses has the name of the field in the request: %s, %s',
  async (refused, field, body, expected) => {
    const isNew = !/:id/.test(refused)
    const { status, text } = await answer(path => {
      if (path === refused) return refuse(400, 'INVALID_REQUEST', field)
      return isNew ? refuse(404, 'SESSION_NOT_FOUND') : Response.json(session)
    }, body)
    expect([status, text]).toEqual([400, `${expected}: must be good (INVALID_REQUEST)`])
  },
)

const decision = { state: 'approval-responded', approval: { id: 'p', approved: false, reason: 'No' } }

test.each<[string, string, object, string]>([
  ['tool', 'message', decision, 'approval.reason'],
  ['client_tool', 'result', { state: 'output-available', output: 'x' }, 'output'],
  ['client_tool', 'error', { state: 'output-error', errorText: 'x' }, 'errorText'],
  [
    'question',
    'answers.Which?[0]',
    { state: 'output-available', output: { answers: {} } },
    'output.answers.Which?.0',
  ],
  [
    ...(['elicitation', 'content.name'] as const),
    ...([{ state: 'output-available', output: { action: 'accept' } }, 'output.content.name'] as const),
  ],
])(
  'an answer to a %s that the API refuses has the name of the field in the request: %s',
  async (kind, field, fields, expected) => {
    const request = { permissionId: 'p', kind, turnId, toolUseId: 'call', toolName: 'Write', input: {} }
    const { status, text } = await answer(
      path => {
        if (path.startsWith('POST')) return refuse(400, 'INVALID_REQUEST', field)
        if (path.endsWith('/permissions')) {
          return Response.json({ permissions: [request], pagination: { nextCursor: null } })
        }
        return Response.json({ turnId, endedAt: null })
      },
      continued({ ...called, ...fields }),
    )
    expect([status, text]).toEqual([400, `messages.1.parts.1.${expected}: must be good (INVALID_REQUEST)`])
  },
)

const image = (data: string) => ({
  type: 'file',
  mediaType: 'image/png',
  url: `data:image/png;base64,${data}`,
})
const said = (text: string) => ({ type: 'text', text })

test.each<[string, object, string]>([
  ['a blank text', said('  '), 'text: must not be empty'],
  ['NUL', said('a\0'), 'text: must not contain NUL'],
  ['half a character', said('a\ud800'), 'text: must not contain'],
  ['an image of another kind', image('AAAA'), 'mediaType: image/png must match the data'],
  ['no base64', image('!'), 'url: must be a valid data URL'],
  [
    'an empty file',
    { ...pdf, mediaType: 'text/plain', url: 'data:text/plain;base64,' },
    'url: must not be an empty file',
  ],
])('a prompt with %s is refused before the chat is changed', async (_, part, expected) => {
  const api = (path: string) => Response.json(path === 'GET /sessions/:id/turns' ? { turns: [] } : session)
  const more = { trigger: 'submit-message', messageId: 'm', session: { model: 'other' } }
  const { status, text, calls } = await answer(api, { ...prompted(part), ...more })
  expect([status, text]).toEqual([400, expect.stringContaining(`messages.0.parts.0.${expected}`)])
  expect(calls.filter(call => !call.startsWith('GET'))).toEqual([])
})

test('an edited message after the answer of another chat is refused before the chat is changed', async () => {
  const messages = [hello, { id: turnId, role: 'assistant', parts: [] }, { ...hello, id: 'edited' }]
  const turns = { turns: [], pagination: { nextCursor: null } }
  const { status, text, calls } = await answer(
    path => Response.json(path === 'GET /sessions/:id/turns' ? turns : session),
    { messages, messageId: 'edited', session: { model: 'other' } },
  )
  expect([status, text]).toEqual([400, expect.stringContaining('messages.1.id: must be that of an answer')])
  expect(calls.filter(call => !call.startsWith('GET'))).toEqual([])
})

test.each<[string, object]>([
  ['session.model: must not be empty', { session: { model: '' } }],
  ['session.model: must be a string', { session: { model: 5 } }],
  ['session.colour: unknown field', { session: { colour: 'red' } }],
  ['clientTools.0.name: is required', { clientTools: [{}] }],
])('a new chat with wrong settings is refused in plain words: %s', async (expected, body) => {
  const { status, text, calls } = await answer(() => refuse(404, 'SESSION_NOT_FOUND'), body)
  expect([status, text]).toEqual([400, `${expected} (INVALID_REQUEST)`])
  expect(calls).toEqual(['GET /sessions/:id'])
})

test.each<[string, number, object]>([
  ['preset: must not be set', 409, { preset: 'reviewer' }],
  ['session.model: must be a string', 400, { session: { model: 5 } }],
  ['clientTools.0.name: ', 400, { clientTools: [{ name: 'a b' }] }],
])('an answer with other fields that are wrong is not given: %s', async (expected, refusal, fields) => {
  const request = { permissionId: 'p', kind: 'tool', turnId, toolUseId: 'call', toolName: 'Write', input: {} }
  const { status, text, calls } = await answer(
    path => {
      if (path.endsWith('/permissions')) {
        return Response.json({ permissions: [request], pagination: { nextCursor: null } })
      }
      return Response.json(path.includes('/turns/') ? { turnId, endedAt: null } : session)
    },
    { ...continued({ ...called, approval: { id: 'p', approved: true } }), ...fields },
  )
  expect([status, text]).toEqual([refusal, expect.stringContaining(expected)])
  expect(calls.filter(call => !call.startsWith('GET'))).toEqual([])
})
