import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import type { Store } from '../../src/sessions/ports/index.ts'
import { createClient, parseFrames, type SseFrame } from '../support/client.ts'
import { openSessions, temporaryDirectory, until } from '../support/open-sessions.ts'
import { type DoorOptions, key, openDoor, readIssuePaths } from './open-door.ts'

const otherKey = 'Key-for-Tests-2'

async function open(given: Parameters<typeof openSessions>[0] = {}, options: DoorOptions = {}) {
  const opened = await openSessions(given)
  const config = { auth: { apiKeys: [key, otherKey] }, ...options.config }
  const door = await openDoor({ service: opened.sessions, ...options, config })
  const client = createClient(door.url, key)
  /** Sends a request with an Idempotency-Key; with another API key where one is given. */
  const send = (path: string, body: unknown, idempotencyKey = 'abc', more: RequestInit = {}) =>
    client.send('POST', path, body, {
      ...more,
      headers: { 'idempotency-key': idempotencyKey, ...(more.headers as Record<string, string>) },
    })
  return { ...opened, door, client, send, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() }
}

/** What a program sees of an answer, but for what belongs to the single request. */
async function read(answer: Response | Promise<Response>) {
  const response = await answer
  const { timestamp: _, requestId: __, ...body } = (await response.json()) as Record<string, unknown>
  return { status: response.status, replayed: response.headers.get('idempotent-replayed'), body }
}

async function framesOf(answer: Response | Promise<Response>): Promise<SseFrame[]> {
  const frames: SseFrame[] = []
  for await (const frame of parseFrames(await answer)) frames.push(frame)
  return frames
}

const isError = (code: string) => ({ error: { code } })

/** Holds every turn before it is stored. */
function holdTurns(store: Store): { reached: Promise<void>; release(): void } {
  const { commit } = store
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  store.commit = async change => {
    if (change.insertTurn) {
      reached.resolve()
      await released.promise
    }
    return commit(change)
  }
  return { reached: reached.promise, release: released.resolve }
}

describe('POST /messages', () => {
  test('sent again is answered as the first time, and is one turn', async () => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/messages`
    const first = await read(api.send(path, { prompt: 'hello', timeout: 60_000 }))
    const again = await read(api.send(path, { timeout: 60_000, prompt: 'hello' }))
    expect(first).toMatchObject({ status: 200, replayed: null, body: { response: 'You said: hello' } })
    expect(again).toEqual({ ...first, replayed: 'true' })
    const turns = await api.client.call('GET', path.replace('messages', 'turns'))
    expect(turns.body.pagination.total).toBe(1)
  })

  test('sent again while the turn runs waits for the same one', async () => {
    await using api = await open()
    const speak = Promise.withResolvers<string>()
    api.launcher.script = () => speak.promise
    const path = `/sessions/${await api.client.createSession()}/messages`
    const first = read(api.send(path, { prompt: 'hello' }))
    await until(() => [...api.launcher.agents].some(agent => agent.running))
    const again = read(api.send(path, { prompt: 'hello' }))
    speak.resolve('done')
    expect(await again).toEqual({ ...(await first), replayed: 'true' })
  })

  test('sent again after the clock was set forward by an hour waits all the same', async () => {
    await using api = await open()
    const speak = Promise.withResolvers<string>()
    api.launcher.script = () => speak.promise
    const path = `/sessions/${await api.client.createSession()}/messages`
    const first = read(api.send(path, { prompt: 'hello', timeout: 60_000 }))
    await until(() => [...api.launcher.agents].some(agent => agent.running))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    onTestFinished(() => void vi.useRealTimers())
    const again = read(api.send(path, { prompt: 'hello', timeout: 60_000 }))
    // One that took the hour for the turn's age would have answered by then.
    await expect(Promise.race([again, pause(300)])).resolves.toBeUndefined()
    speak.resolve('done')
    expect(await again).toEqual({ ...(await first), replayed: 'true' })
  })

  test('with another body or for another session is 422', async () => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/messages`
    await read(api.send(path, { prompt: 'hello' }))
    const another = `/sessions/${await api.client.createSession()}/messages`
    for (const answer of [
      api.send(path, { prompt: 'Hello' }),
      api.send(path.replace('messages', 'stream'), { prompt: 'hello' }),
      api.send(another, { prompt: 'hello' }),
    ]) {
      expect(await read(answer)).toMatchObject({
        status: 422,
        replayed: null,
        body: isError('IDEMPOTENCY_KEY_REUSED'),
      })
    }
  })

  test('is 409 while the first is still being accepted', async () => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/messages`
    const held = holdTurns(api.store)
    const first = read(api.send(path, { prompt: 'hello' }))
    await held.reached
    const second = await read(api.send(path, { prompt: 'hello' }))
    expect(second).toMatchObject({ status: 409, replayed: null, body: isError('IDEMPOTENCY_IN_FLIGHT') })
    held.release()
    expect(await first).toMatchObject({ status: 200, replayed: null })
  })

  test.each([
    ['in the background', { prompt: 'hello', background: true }, 202, undefined],
    ['that fails', { prompt: 'die' }, 500, 'MESSAGE_SEND_FAILED'],
    ['that takes too long', { prompt: 'hang', timeout: 20 }, 408, 'REQUEST_TIMEOUT'],
  ])('%s is answered the same way again', async (_, body, status, code) => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/messages`
    const first = await read(api.send(path, body))
    expect(first).toMatchObject({ status, replayed: null, ...(code && { body: isError(code) }) })
    expect(await read(api.send(path, body))).toEqual({ ...first, replayed: 'true' })
  })

  test('that was refused leaves no trace', async () => {
    await using api = await open()
    const id = await api.client.createSession()
    const path = `/sessions/${id}/messages`
    const refused = async (status: number, at: string, body: object) =>
      expect(await read(api.send(at, body))).toMatchObject({ status, replayed: null })
    await refused(400, path, { prompt: '' })
    await refused(404, '/sessions/7c9e6679-7425-40de-944b-e07fc1f90ae7/messages', { prompt: 'x' })
    const running = await api.client.ask(id, 'hang', { background: true })
    await refused(409, path, { prompt: 'x', onBusy: 'reject' })
    await api.client.call('POST', `/sessions/${id}/interrupt`, { turnId: running.body.turnId })
    const ended = await api.client.createSession()
    await api.client.call('DELETE', `/sessions/${ended}`)
    await refused(410, `/sessions/${ended}/messages`, { prompt: 'x' })
    await refused(200, path, { prompt: 'x', stream: true })
    await refused(200, path, { prompt: 'hello' })
  })

  test('with another API key is another request', async () => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/messages`
    const first = await read(api.send(path, { prompt: 'hello' }))
    const another = await read(
      api.send(path, { prompt: 'hello' }, 'abc', { headers: { 'x-api-key': otherKey } }),
    )
    expect(another).toMatchObject({ status: 200, replayed: null })
    expect(another.body.turnId).not.toBe(first.body.turnId)
  })
})

describe('POST /stream', () => {
  test('sent again gives the same frames, while the turn runs and after it', async () => {
    await using api = await open()
    const spoken = Promise.withResolvers<void>()
    api.launcher.script = async scene => {
      scene.say('one')
      await spoken.promise
      scene.say('two')
      return 'two'
    }
    const path = `/sessions/${await api.client.createSession()}/stream`
    const first = await api.send(path, { prompt: 'hello' })
    await until(() => [...api.launcher.agents].some(agent => agent.running))
    const during = await api.send(path, { prompt: 'hello' })
    spoken.resolve()
    const frames = await framesOf(first)
    expect(frames.map(frame => frame.event)).toEqual(['connected', 'message', 'message', 'complete'])
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const after = await api.send(path, { prompt: 'hello' })
    for (const again of [during, after]) {
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect(await framesOf(again)).toEqual(frames)
    }
  })

  test('ends with the same error again', async () => {
    await using api = await open()
    const path = `/sessions/${await api.client.createSession()}/stream`
    const frames = await framesOf(api.send(path, { prompt: 'die' }))
    expect(frames.at(-1)).toMatchObject({ event: 'error', data: { code: 'MESSAGE_SEND_FAILED' } })
    expect(await framesOf(api.send(path, { prompt: 'die' }))).toEqual(frames)
  })

  test('a client that has come back keeps its turn when the old connection ends; the last one takes it along', async () => {
    await using api = await open()
    const id = await api.client.createSession()
    const path = `/sessions/${id}/stream`
    const [old, back] = [new AbortController(), new AbortController()]
    const first = await api.send(path, { prompt: 'hang' }, 'abc', { signal: old.signal })
    const again = await api.send(path, { prompt: 'hang' }, 'abc', { signal: back.signal })
    const frames = parseFrames(again)
    expect((await frames.next()).value).toMatchObject({ event: 'connected' })
    expect((await frames.next()).value).toMatchObject({ event: 'message' })
    old.abort()
    await first.text().catch(() => {})
    await until(() => api.door.lines.some(line => line.clientGone === true))
    const running = await api.client.call('GET', `/sessions/${id}`)
    expect(running.body.state).toBe('running')
    const reading = frames.next().catch(() => {})
    back.abort()
    await reading
    await until(async () => (await api.client.call('GET', `/sessions/${id}`)).body.state === 'idle')
  })
})

test('POST /sessions sent again is the same session', async () => {
  await using api = await open()
  const first = await read(api.send('/sessions', { metadata: { a: 1, b: [{ c: 2, d: 3 }] } }))
  const again = await read(api.send('/sessions', { metadata: { b: [{ d: 3, c: 2 }], a: 1 } }))
  expect(first).toMatchObject({ status: 201, replayed: null })
  expect(again).toEqual({ ...first, replayed: 'true' })
  expect(await read(api.send('/sessions', { metadata: { b: [], a: 1 } }))).toMatchObject({ status: 422 })
  // No body is the empty one.
  const empty = await read(api.send('/sessions', undefined, 'empty'))
  expect(await read(api.send('/sessions', {}, 'empty'))).toEqual({ ...empty, replayed: 'true' })
  expect((await api.client.call('GET', '/sessions')).body.total).toBe(2)
})

test('after a restart the same answers come', async () => {
  const file = join(temporaryDirectory(), 'store.db')
  const paths = { messages: '', stream: '' }
  const ask = async (api: Awaited<ReturnType<typeof open>>) => ({
    session: await read(api.send('/sessions', { title: 'one' }, 'session')),
    message: await read(api.send(paths.messages, { prompt: 'hello' }, 'message')),
    failure: await read(api.send(paths.messages, { prompt: 'die' }, 'failure')),
    frames: await framesOf(api.send(paths.stream, { prompt: 'hello' }, 'stream')),
  })
  const before = await open({ file })
  const { body } = await read(before.send('/sessions', { title: 'one' }, 'session'))
  paths.messages = `/sessions/${body.sessionId}/messages`
  paths.stream = `/sessions/${body.sessionId}/stream`
  await ask(before)
  const known = await ask(before)
  await before.door[Symbol.asyncDispose]()
  await before.close()
  await using after = await open({ file })
  expect(known.message).toMatchObject({ status: 200, replayed: 'true' })
  expect(await ask(after)).toEqual(known)
  expect(after.launcher.launched).toEqual([])
})

describe('the header', () => {
  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(256)],
    ['of two words', 'a b'],
    ['not ASCII', 'schlüssel'],
  ])('that is %s is 400', async (_, value) => {
    // One that is checked against the document as well names the field the same way.
    for (const enabled of value === '' ? [true, false] : [false]) {
      await using api = await open({}, { config: { openApiValidation: { enabled } } })
      const id = await api.client.createSession()
      for (const [path, body] of [
        ['/sessions', {}],
        [`/sessions/${id}/messages`, { prompt: 'x' }],
        [`/sessions/${id}/stream`, { prompt: 'x' }],
      ] as const) {
        const response = await api.send(path, body, value)
        expect(response.status).toBe(400)
        expect(await readIssuePaths(response)).toEqual(['Idempotency-Key'])
      }
    }
  })

  test('may have 255 characters, quotes too', async () => {
    await using api = await open()
    for (const value of ['x'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '!~']) {
      const first = await read(api.send('/sessions', {}, value))
      expect(first.status).toBe(201)
      expect(await read(api.send('/sessions', {}, value))).toEqual({ ...first, replayed: 'true' })
    }
  })

  test('means nothing to operations that can be repeated anyway', async () => {
    await using api = await open()
    const id = await api.client.createSession()
    const call = (method: string, path: string, body?: object) =>
      api.client.call(method, path, body, { headers: { 'idempotency-key': 'not a key' } })
    const answers = [
      await call('GET', `/sessions/${id}`),
      await call('PATCH', `/sessions/${id}`, { title: 'a' }),
      await call('POST', `/sessions/${id}/interrupt`, {}),
      await call('DELETE', `/sessions/${id}`),
    ]
    expect(answers.map(({ status, headers }) => [status, headers.get('idempotent-replayed')])).toEqual([
      [200, null],
      [200, null],
      [200, null],
      [204, null],
    ])
  })

  test('stands in the document where it has an effect', async () => {
    await using api = await open()
    const { body } = await api.client.call('GET', '/openapi.json')
    const idempotent = operationIds.filter(id => {
      const { path, method } = getOperation(id)
      const described = body.paths[path.replace(/:(\w+)/g, '{$1}')][method]
      const parameter = described.parameters?.find((one: { name: string }) => one.name === 'Idempotency-Key')
      if (!parameter) return false
      expect(parameter).toMatchObject({ in: 'header', required: false })
      expect(described.responses[422].description).toContain('IDEMPOTENCY_KEY_REUSED')
      // A repeated request for a preset waits for the first one, and has its result.
      if (!id.startsWith('createPreset')) {
        expect(described.responses[409].description).toContain('IDEMPOTENCY_IN_FLIGHT')
      }
      for (const { status } of getOperation(id).success) {
        expect(described.responses[status].headers).toHaveProperty('Idempotent-Replayed')
      }
      return true
    })
    const ofTurns = ['sendMessage', 'streamMessage', 'retryTurn', 'forkSession']
    expect(idempotent).toEqual(['createSession', 'createPreset', 'createPresetVersion', ...ofTurns])
    const { parameters } = body.paths['/sessions/{sessionId}/events'].get
    expect(parameters.map((one: { name: string }) => one.name)).toContain('Last-Event-ID')
  })
})
