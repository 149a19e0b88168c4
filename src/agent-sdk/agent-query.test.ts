import type { CanUseTool, Options, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
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
function createServer(
  answers: Record<string, [status: number, body?: object]> = {},
  held: Record<string, Promise<unknown>> = {},
) {
  const calls: string[] = []
  const bodies: unknown[] = []
  const all: Record<string, [status: number, body?: object]> = {
    'POST /sessions': [201, { sessionId: 's' }],
    'GET /sessions/s': [
      200,
      { state: 'idle', lastSequence: 5, costUsd: 0, config: { cwd: '/w', permissionPrompts: 'ask' } },
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
    if (typeof init?.body === 'string') bodies.push(JSON.parse(init.body))
    await held[call]
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
  return { ask: (options: Options) => ask({ prompt: 'hello', options }), query: ask, emit, calls, bodies }
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

test.each(['return', 'dispose', 'abort', 'persistSession'])(
  'a query is over when the server has ended its work: %s',
  async way => {
    const release = Promise.withResolvers<void>()
    const held = {
      'POST /sessions/s/interrupt': release.promise,
      'DELETE /sessions/s': release.promise,
    }
    const { ask, emit, calls } = createServer({}, held)
    const abortController = new AbortController()
    const query = ask({ abortController, persistSession: way !== 'persistSession' })
    await until(() => calls.includes('POST /sessions/s/messages'))
    let isOver = false
    const steps: Record<string, () => Promise<unknown>> = {
      return: async () => query.return?.(),
      dispose: async () => query[Symbol.asyncDispose](),
      abort: async () => {
        abortController.abort()
        await expect(query.next()).rejects.toThrow('aborted')
      },
      persistSession: async () => {
        emit(...caughtUp)
        emit('turn.completed', {})
        await query.next()
      },
    }
    const leaving = steps[way]?.().finally(() => {
      isOver = true
    })
    await until(() => Object.keys(held).some(call => calls.includes(call)))
    await pass()
    expect(isOver).toBe(false)
    release.resolve()
    await leaving
    await expect(query.setModel('x')).rejects.toThrow('Query closed before response received')
    await expect(query.interrupt()).rejects.toThrow('Query closed before response received')
  },
)

const message = (uuid: string): SDKUserMessage => ({
  type: 'user',
  uuid: uuid as NonNullable<SDKUserMessage['uuid']>,
  message: { role: 'user', content: 'hello' },
  parent_tool_use_id: null,
})

test('files are rewound to messages of the program, also of an earlier query, once their turn has ended', async () => {
  const restored = [{ path: 'a', insertions: 1, deletions: 2 }]
  const { query, emit, calls, bodies } = createServer({
    'POST /sessions/s/rewind': [200, { files: { restored, skipped: [] } }],
  })
  const end = Promise.withResolvers<void>()
  async function* prompts() {
    yield message('one')
    yield message('more')
    await end.promise
  }
  const running = query({ prompt: prompts() })
  await until(() => calls.filter(call => call === 'POST /sessions/s/messages').length === 2)
  emit(...caughtUp)
  emit('message', result)
  expect((await running.next()).value).toMatchObject({ type: 'result' })
  const rewinding = running.rewindFiles('one')
  await pass()
  expect(calls).not.toContain('POST /sessions/s/rewind')
  emit('turn.completed', {})
  expect(await rewinding).toEqual({ canRewind: true, filesChanged: ['/w/a'], insertions: 1, deletions: 2 })
  await expect(running.rewindFiles('more')).rejects.toThrow('more input for a running turn')
  end.resolve()
  await running.return?.()

  async function* nothing() {
    await new Promise<void>(() => {})
  }
  const later = query({ prompt: nothing() as never, options: { resume: 's' } })
  expect(await later.rewindFiles('one', { dryRun: true })).toMatchObject({ canRewind: true })
  expect(bodies.slice(-1)).toEqual([
    { toTurnId: 't', conversation: false, files: true, overwriteOthers: true, dryRun: true },
  ])
  await later.return?.()
})

test.each([
  [[404, refusal('TURN_NOT_FOUND')] as const, 'No file checkpoint found for this message.'],
  [
    [200, { files: { restored: [], skipped: [{ path: 'a', reason: 'too_large' }] } }] as const,
    'Failed to rewind: a (too_large)',
  ],
])('a rewind that fails rejects, a dry one says why', async ([status, body], error) => {
  const { ask } = createServer({ 'POST /sessions/s/rewind': [status, body] })
  const running = ask({})
  await expect(running.rewindFiles('unknown')).rejects.toThrow(error)
  expect(await running.rewindFiles('unknown', { dryRun: true })).toEqual({ canRewind: false, error })
  await running.return?.()
})

test('a refused option leaves no fork behind', async () => {
  const { ask, calls } = createServer({
    'POST /sessions/s/fork': [201, { sessionId: 'f' }],
    'GET /sessions/f': [200, { lastSequence: 5, costUsd: 0, config: { permissionPrompts: 'deny' } }],
    'PATCH /sessions/f': [400, refusal('INVALID_REQUEST')],
  })
  const fork = (options: Options) => ask({ resume: 's', forkSession: true, ...options }).next()
  await expect(fork({ allowedTools: ['Write'] })).rejects.toThrow('options.allowedTools is not supported')
  expect(calls).toEqual(['GET /sessions/s'])
  await expect(fork({ model: 'zorp' })).rejects.toThrow('made up')
  expect(calls.slice(-2)).toEqual(['PATCH /sessions/f', 'DELETE /sessions/f'])
})

test('maxTurns 0 does not limit, and a variable that is not allowed is refused by its name', async () => {
  const details = { setting: 'agentEnv', allowed: ['A'] }
  const { error } = refusal('SETTING_NOT_ALLOWED')
  const { ask, bodies } = createServer({ 'POST /sessions': [403, { error: { ...error, details } }] })
  await expect(ask({ maxTurns: 0, env: { A: 'a', PATH: '/x' } }).next()).rejects.toThrow(
    'options.env.PATH is not supported',
  )
  expect(bodies[0]).toHaveProperty('agentEnv')
  expect(bodies[0]).not.toHaveProperty('maxTurns')
})
