import type { CanUseTool, Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createQuery } from './query.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const refusal = (code: string) => ({
  error: { code, message: `made up: ${code}`, retryable: false, retry: 'never' },
})

/** A server with one session, whose events the test makes up. */
function createServer(answers: Record<string, [status: number, body?: object]> = {}) {
  const calls: string[] = []
  const all: Record<string, [status: number, body?: object]> = {
    'POST /sessions': [201, { sessionId: 's' }],
    'GET /sessions/s': [
      200,
      { state: 'idle', lastSequence: 5, costUsd: 0, config: { permissionPrompts: 'ask' } },
    ],
    'DELETE /sessions/s': [204],
    'POST /sessions/s/messages': [202, { turnId: 't' }],
    'POST /sessions/s/interrupt': [200, { interrupted: [], cancelled: [] }],
    'GET /sessions/s/permissions': [200, { permissions: [] }],
    ...answers,
  }
  let sequence = 5
  let output: ReadableStreamDefaultController<Uint8Array> | undefined
  const events = new ReadableStream<Uint8Array>({
    start: controller => {
      output = controller
    },
  })
  const fetchIt: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input))
    const call = `${init?.method} ${pathname}`
    calls.push(call)
    if (call === 'GET /sessions/s/events') return new Response(events)
    const [status, body] = all[call] ?? [200, {}]
    return body ? Response.json(body, { status }) : new Response(null, { status })
  }
  const emit = (type: string, data: object) => {
    const id = ++sequence
    const text = JSON.stringify({ sequence: id, turnId: 't', ...data })
    output?.enqueue(Buffer.from(`event: ${type}\nid: ${id}\ndata: ${text}\n\n`))
  }
  const ask = createQuery({ baseUrl: 'http://server.test', fetch: fetchIt, retries: 0 })
  return { ask: (options: Options) => ask({ prompt: 'hello', options }), emit, calls }
}

/** Lets time pass until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; !isSo(); round++) {
    if (round > 500) expect.fail('it has not come true')
    await vi.advanceTimersByTimeAsync(10)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Lets time pass in which nothing should happen. */
async function pass(): Promise<void> {
  let rounds = 0
  await until(() => ++rounds > 20)
}

/** The end of a query: its messages, or its error. */
function read(query: AsyncIterable<SDKMessage>) {
  const end: { messages: SDKMessage[]; isOver: boolean; error?: unknown } = { messages: [], isOver: false }
  const reading = async () => {
    for await (const message of query) end.messages.push(message)
  }
  reading()
    .catch(error => {
      end.error = error
    })
    .finally(() => {
      end.isOver = true
    })
  return end
}

const caughtUp = ['caught_up', { sequence: 5 }] as const
const result = {
  message: { type: 'result', subtype: 'success', result: 'Done', is_error: false, permission_denials: [] },
}
const request = (permissionId: string, fields: object = {}) => ({
  permissionId,
  sessionId: 's',
  kind: 'tool',
  toolName: permissionId,
  toolUseId: `use-${permissionId}`,
  input: {},
  suggestions: [],
  title: null,
  description: null,
  agentId: null,
  ...fields,
})

test('a query whose session cannot be asked any more ends with that error', async () => {
  const { ask, emit, calls } = createServer({ 'GET /sessions/s': [404, refusal('SESSION_NOT_FOUND')] })
  const end = read(ask({}))
  await until(() => calls.includes('POST /sessions/s/messages'))
  const started = { type: 'system', subtype: 'task_started', task_type: 'local_agent', task_id: 'a' }
  emit(...caughtUp)
  emit('message', { message: { ...started, is_backgrounded: true, tool_use_id: 'use' } })
  emit('message', { message: { type: 'system', subtype: 'task_notification', task_id: 'a' } })
  emit('message', result)
  emit('turn.completed', {})
  await until(() => end.isOver)
  expect(end.messages.at(-1)).toMatchObject({ type: 'result' })
  expect(end.error).toMatchObject({ code: 'SESSION_NOT_FOUND' })
})

test('requests of the past that are over are not asked about', async () => {
  const asked: string[] = []
  const canUseTool: CanUseTool = async name => {
    asked.push(name)
    return { behavior: 'allow' }
  }
  const { ask, emit, calls } = createServer({
    'GET /sessions/s/permissions': [200, { permissions: [request('before'), request('waiting')] }],
    'POST /sessions/s/permissions/late': [409, refusal('PERMISSION_ALREADY_RESOLVED')],
  })
  const end = read(ask({ resume: 's', canUseTool }))
  await until(() => calls.includes('GET /sessions/s/events'))
  emit('permission.resolved', request('before'))
  emit('permission.requested', request('past'))
  emit('permission.resolved', request('past'))
  emit(...caughtUp)
  emit('permission.requested', request('late'))
  emit('permission.requested', request('live'))
  await until(() => calls.includes('POST /sessions/s/permissions/live'))
  expect(asked).toEqual(['waiting', 'late', 'live'])
  emit('message', result)
  emit('turn.completed', {})
  await until(() => end.isOver)
  expect(end.error).toBeUndefined()
})

test('a query that is over asks about nothing', async () => {
  const asked: string[] = []
  const canUseTool: CanUseTool = async name => {
    asked.push(name)
    return { behavior: 'allow' }
  }
  const { ask, emit, calls } = createServer()
  const query = ask({ canUseTool })
  await until(() => calls.includes('POST /sessions/s/messages'))
  emit(...caughtUp)
  emit('message', result)
  emit('turn.completed', {})
  emit('permission.requested', request('after'))
  const end = read(query)
  await until(() => end.isOver)
  await pass()
  expect(asked).toEqual([])
})

test.each([
  [undefined, false],
  [true, false],
  [false, true],
])('with persistSession %s the session is ended with the query: %s', async (persistSession, isEnded) => {
  const { ask, emit, calls } = createServer()
  const end = read(ask(persistSession === undefined ? {} : { persistSession }))
  await until(() => calls.includes('POST /sessions/s/messages'))
  emit(...caughtUp)
  emit('message', result)
  emit('turn.completed', {})
  await until(() => end.isOver)
  expect(end.messages).toHaveLength(1)
  await pass()
  expect(calls.includes('DELETE /sessions/s')).toBe(isEnded)
})
