import type { AgentContext, SessionUpdate } from '@agentclientprotocol/sdk'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ClaudeCodeClient } from '../../client/index.ts'
import { Peer } from './peer.ts'

const cwd = '/work'
const never = new AbortController().signal

/** An API in memory. `answers` has the responses that differ, by method and path. */
function openApi() {
  const calls: string[] = []
  const answers: Record<string, (body: unknown) => Response | Promise<Response>> = {}
  const streams: { id: string; signal: AbortSignal; send(type: string, data?: object): void; end(): void }[] =
    []
  let count = 0
  let sequence = 0

  function stream(id: string, signal: AbortSignal): Response {
    const { readable, writable } = new TransformStream<string, string>()
    const writer = writable.getWriter()
    const encoded = readable.pipeThrough(new TextEncoderStream())
    signal.addEventListener('abort', () => writer.abort(signal.reason).catch(() => {}))
    const write = (type: string, data: object) => {
      const text = `id: ${++sequence}\nevent: ${type}\ndata: ${JSON.stringify({ sequence, ...data })}\n\n`
      writer.write(text).catch(() => {})
    }
    const end = () => void writer.close().catch(() => {})
    streams.push({ id, signal, send: (type, data = {}) => write(type, data), end })
    return new Response(encoded)
  }

  const session = (sessionId: string) => ({
    ...{ sessionId, lastSequence: 0, state: 'idle', preset: null },
    config: { cwd, permissionMode: 'default', model: null },
  })

  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const called = `${request.method} ${pathname}`
    calls.push(called)
    const body = request.body ? await request.json() : undefined
    const given = answers[called]
    if (given) return given(body)
    const [, , id = '', what] = pathname.split('/')
    if (pathname === '/models') return Response.json({ models: [] })
    if (called === 'POST /sessions') return Response.json(session(`session-${++count}`), { status: 201 })
    if (what === undefined && request.method === 'DELETE') return new Response(null, { status: 204 })
    if (what === undefined) return Response.json(session(id))
    if (what === 'events') return stream(id, request.signal)
    if (called.startsWith('POST') && what === 'messages') {
      return Response.json({ turnId: `turn-${++count}` }, { status: 202 })
    }
    if (what === 'interrupt') return Response.json({})
    if (what === 'permissions') return Response.json({ permissions: [] })
    if (what === 'messages') return Response.json({ messages: [], pagination: { nextCursor: null } })
    return Response.json({ commands: [] })
  }
  const api = new ClaudeCodeClient({ baseUrl: 'http://api.test', retries: 0, fetch })
  const streamOf = (id: string) =>
    vi.waitUntil(() => streams.find(one => one.id === id && !one.signal.aborted))
  return { api, calls, answers, streams, streamOf }
}

function openPeer() {
  const server = openApi()
  const updates: SessionUpdate[] = []
  const faults: unknown[] = []
  const asked: string[] = []
  /** The client takes an update when this is resolved. */
  const reading = { ready: Promise.resolve() }
  const notify = (_: string, { update }: { update: SessionUpdate }) => {
    updates.push(update)
    return reading.ready
  }
  const request = async (_: string, { toolCall }: { toolCall: { toolCallId: string } }) => {
    asked.push(toolCall.toolCallId)
    return { outcome: { outcome: 'selected', optionId: 'allow' } }
  }
  const client = { notify, request } as unknown as AgentContext
  const peer = new Peer({ api: server.api, defaults: {}, logFault: error => faults.push(error) })
  onTestFinished(() => peer.close())
  const create = async () => (await peer.create({ cwd, mcpServers: [] }, client)).sessionId
  const load = (sessionId: string) => peer.open({ sessionId, cwd, mcpServers: [] }, client, true)
  const prompt = (sessionId: string, text = 'hello') =>
    peer.find(sessionId).prompt({ sessionId, prompt: [{ type: 'text', text }] }, never)
  const followed = () => server.streams.filter(({ signal }) => !signal.aborted).map(({ id }) => id)
  return { ...server, peer, asked, reading, updates, faults, create, load, prompt, followed }
}

function refusal(code: string, status: number) {
  const error = { code, message: `refused: ${code}`, retryable: false, retry: 'never' }
  return Response.json({ error, requestId: 'request' }, { status })
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    value => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: Error & { code: number; data: unknown }) => error,
  )

test('a session whose prompts cannot be interrupted is closed all the same', async () => {
  const { peer, answers, updates, create, prompt, streamOf, followed } = openPeer()
  const id = await create()
  const stream = await streamOf(id)
  const prompted = failure(prompt(id))
  // Events wait until the prompt is accepted.
  stream.send('session.updated', { title: 'Named' })
  await vi.waitUntil(() => updates.some(update => update.sessionUpdate === 'session_info_update'))
  answers[`POST /sessions/${id}/interrupt`] = () => refusal('SCOPE_REQUIRED', 403)
  expect((await failure(peer.leave(id))).message).toBe('refused: SCOPE_REQUIRED')
  expect((await prompted).message).toBe('Request cancelled: the session is closed')
  expect(followed()).toEqual([])
})

test('a session is closed although its prompt is refused meanwhile', async () => {
  const { peer, answers, create, prompt, streamOf, followed } = openPeer()
  const id = await create()
  await streamOf(id)
  const refused = Promise.withResolvers<Response>()
  answers[`POST /sessions/${id}/messages`] = () => refused.promise
  const prompted = failure(prompt(id))
  const left = peer.leave(id)
  refused.resolve(refusal('TURN_QUEUE_FULL', 429))
  await left
  expect((await prompted).message).toBe('refused: TURN_QUEUE_FULL')
  expect(followed()).toEqual([])
})

test('a connection that closes follows nothing any longer, not even a session that is being closed', async () => {
  const { peer, create, prompt, streamOf, followed } = openPeer()
  const [one, other] = [await create(), await create()]
  await Promise.all([streamOf(one), streamOf(other)])
  const prompted = failure(prompt(one))
  const left = peer.leave(one)
  peer.close()
  await left
  expect((await prompted).message).toBe('Request cancelled: the connection is closed')
  expect(followed()).toEqual([])
})

test('a connection that closes while it opens sessions has none; the client cannot know a new one, which ends', async () => {
  const { peer, answers, calls, create, load, followed } = openPeer()
  const models = Promise.withResolvers<void>()
  answers['GET /models'] = async () => {
    await models.promise
    return Response.json({ models: [] })
  }
  const opened = [failure(create()), failure(load('known'))]
  await vi.waitUntil(() => calls.filter(call => call === 'GET /models').length === 2)
  peer.close()
  models.resolve()
  for (const error of await Promise.all(opened)) {
    expect(error.message).toBe('Request cancelled: the connection is closed')
  }
  await new Promise(setImmediate)
  expect(followed()).toEqual([])
  expect(calls).toContain('DELETE /sessions/session-1')
  expect(calls).not.toContain('DELETE /sessions/known')
})

test('a new session that cannot be shown to the client is ended', async () => {
  const { answers, calls, faults, create } = openPeer()
  answers['GET /models'] = () => refusal('CALLER_LIMIT_REACHED', 429)
  expect((await failure(create())).message).toBe('refused: CALLER_LIMIT_REACHED')
  expect(calls).toContain('DELETE /sessions/session-1')
  expect(faults).toEqual([])
})

test('a session that is opened again is followed once: earlier requests fail, and the last session stays', async () => {
  const { peer, answers, load, streamOf, followed } = openPeer()
  const message = {
    content: { type: 'user', uuid: 'u', message: { content: 'hello' } },
    sequence: 0,
    turnId: null,
  }
  const page = () => Response.json({ messages: [message], pagination: { nextCursor: null } })
  const [first, second] = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()]
  const pages = [first.promise, second.promise, page()]
  answers['GET /sessions/known/messages'] = async () => (await pages.shift()) ?? page()
  const failing = failure(load('known'))
  await vi.waitUntil(() => pages.length === 2)
  const slow = failure(load('known'))
  await vi.waitUntil(() => pages.length === 1)
  await load('known')
  const open = peer.find('known')
  first.resolve(refusal('STORE_UNAVAILABLE', 503))
  second.resolve(page())
  expect((await failing).message).toBe('refused: STORE_UNAVAILABLE')
  expect((await slow).message).toBe('Request cancelled: the session was opened again on this connection')
  await streamOf('known')
  expect(peer.find('known')).toBe(open)
  expect(followed()).toEqual(['known'])
})

test('not more than the limit of sessions is opened at the same time', async () => {
  const { calls, create } = openPeer()
  const opened = await Promise.allSettled(Array.from({ length: 103 }, create))
  const refused = opened.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(3)
  expect(String(refused[0]?.status === 'rejected' && refused[0].reason)).toContain('100 sessions')
  expect(calls.filter(call => call === 'POST /sessions')).toHaveLength(100)
})

test.each([
  ['session.ended', 'SESSION_ENDED', 'The session has ended'],
  ['session.expired', 'SESSION_EXPIRED', 'The session has expired'],
])('a prompt that is left by its session says so: %s', async (type, code, message) => {
  const { peer, create, prompt, streamOf, followed } = openPeer()
  const id = await create()
  const stream = await streamOf(id)
  const prompted = failure(prompt(id))
  stream.send(type)
  stream.end()
  expect(await prompted).toMatchObject({ code: -32_602, message, data: { code } })
  expect(() => peer.find(id)).toThrow('Resource not found')
  expect(followed()).toEqual([])
})

test('text is sent once, also when another turn is cancelled in the queue meanwhile', async () => {
  const { create, streamOf, updates } = openPeer()
  const stream = await streamOf(await create())
  const piece = (turnId: string, text: string) =>
    stream.send('delta', { turnId, messageId: `m-${turnId}`, blockIndex: 0, delta: { type: 'text', text } })
  const message = (turnId: string, text: string) =>
    stream.send('message', {
      type: 'claude_code_message',
      turnId,
      message: { type: 'assistant', message: { id: `m-${turnId}`, content: [{ type: 'text', text }] } },
    })
  piece('running', 'First half, ')
  stream.send('turn.failed', { turnId: 'queued', error: { reason: 'cancelled', message: 'Cancelled' } })
  message('running', 'First half, second half.')
  // A turn that is over leaves nothing behind.
  piece('broken', 'Lost.')
  stream.send('turn.interrupted', { turnId: 'broken' })
  message('broken', 'Lost.')
  stream.send('session.updated', { title: 'Named' })
  await vi.waitUntil(() => updates.some(update => update.sessionUpdate === 'session_info_update'))
  const texts = updates.flatMap(update =>
    update.sessionUpdate === 'agent_message_chunk' && update.content.type === 'text'
      ? update.content.text
      : [],
  )
  expect(texts).toEqual(['First half, ', 'second half.', 'Lost.', 'Lost.'])
})

const requested = {
  permissionId: 'p',
  kind: 'tool',
  toolName: 'Bash',
  toolUseId: 'call',
  turnId: 'turn',
  input: {},
}

test('an answer that comes too late is not a fault; one that is refused denies the request', async () => {
  const { answers, asked, calls, faults, create, streamOf } = openPeer()
  const id = await create()
  const stream = await streamOf(id)
  const sent: unknown[] = []
  const answering = (permissionId: string, response: () => Response) => {
    answers[`POST /sessions/${id}/permissions/${permissionId}`] = body => {
      sent.push(body)
      return response()
    }
  }
  answering('late', () => refusal('PERMISSION_ALREADY_RESOLVED', 409))
  answering('refused', () => (sent.length > 2 ? Response.json({}) : refusal('INVALID_REQUEST', 400)))
  stream.send('caught_up')
  stream.send('permission.requested', { ...requested, permissionId: 'late' })
  await vi.waitUntil(() => sent.length === 1)
  stream.send('permission.requested', { ...requested, permissionId: 'refused' })
  await vi.waitUntil(() => faults.length > 0)
  expect(asked).toHaveLength(2)
  expect(sent).toEqual([{ decision: 'allow' }, { decision: 'allow' }, { decision: 'deny' }])
  expect(faults).toMatchObject([{ code: 'INVALID_REQUEST' }])
  expect(calls.filter(call => call.endsWith('/interrupt'))).toEqual([])
})

test('a session that is closed while the client is slow asks nothing any longer', async () => {
  const { peer, asked, reading, updates, create, streamOf } = openPeer()
  const stream = await streamOf(await create())
  const slow = Promise.withResolvers<void>()
  stream.send('caught_up')
  const count = updates.length
  reading.ready = slow.promise
  const call = { type: 'tool_use', id: 'call', name: 'Bash', input: {} }
  stream.send('message', {
    type: 'claude_code_message',
    message: { type: 'assistant', message: { id: 'm', content: [call] } },
  })
  stream.send('permission.requested', requested)
  await vi.waitUntil(() => updates.length > count)
  peer.close()
  slow.resolve()
  await new Promise(setImmediate)
  expect(asked).toEqual([])
})

test('a session that may not be ended stays open', async () => {
  const { peer, answers, create, streamOf } = openPeer()
  const id = await create()
  await streamOf(id)
  answers[`DELETE /sessions/${id}`] = () => refusal('SCOPE_REQUIRED', 403)
  await failure(peer.delete(id))
  expect(peer.find(id).sessionId).toBe(id)
})

test.each([
  ['cwd', 4_096],
  ['cursor', 1_000],
])('the %s of a list has at most %i characters', async (field, longest) => {
  const { peer, answers } = openPeer()
  answers['GET /sessions'] = () => Response.json({ sessions: [], nextCursor: null })
  expect(await peer.list({ [field]: 'x'.repeat(longest) })).toEqual({ sessions: [] })
  const message = `${field}: must have at most ${longest} characters`
  const refused = { code: -32_602, message, data: { field } }
  expect(await failure(peer.list({ [field]: 'x'.repeat(longest + 1) }))).toMatchObject(refused)
})
