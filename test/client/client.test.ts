import type { Express, Response as ExpressResponse } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import {
  ApiError,
  applyEvent,
  ClaudeCodeClient,
  ConnectionError,
  emptyConversation,
  isApiError,
  newIdempotencyKey,
  type SessionEvent,
} from '../../src/client/index.ts'
import { toLine } from '../fixtures/collect-events.ts'
import { key, openDoor } from '../http/open-door.ts'
import { openAwkwardEvents } from '../support/awkward-events.ts'
import { openSessions, until } from '../support/open-sessions.ts'

/** The API on a real socket, above the scripted engine. `fault` decides over each request before the API does. */
async function open({ fault }: { fault?: (url: string, res: ExpressResponse) => boolean } = {}) {
  const engine = await openSessions({ permissionParkMs: 600_000 })
  const requests: { method: string; url: string; idempotencyKey: string | undefined }[] = []
  const prepare = (app: Express) =>
    app.use((req, res, next) => {
      requests.push({ method: req.method, url: req.url, idempotencyKey: req.get('idempotency-key') })
      if (!fault?.(req.url, res)) next()
    })
  const door = await openDoor({
    service: engine.sessions,
    config: { rateLimit: { enabled: false } },
    prepare,
  })
  onTestFinished(() => door[Symbol.asyncDispose]())
  return { ...engine, door, requests, client: new ClaudeCodeClient({ baseUrl: door.url, apiKey: key }) }
}

/** Fails the first requests to which the pattern applies. */
function failing(pattern: RegExp, times: number, how: (res: ExpressResponse) => void) {
  let left = times
  return (url: string, res: ExpressResponse) => {
    if (!pattern.test(url) || left-- <= 0) return false
    how(res)
    return true
  }
}

const shuttingDown = (res: ExpressResponse) =>
  res
    .status(503)
    .set('Retry-After', '0')
    .json({
      error: { code: 'SHUTTING_DOWN', message: 'going', retryable: true, retry: 'same_key' },
      timestamp: new Date().toISOString(),
      requestId: 'made up',
    })

async function collect(events: AsyncIterable<SessionEvent>): Promise<SessionEvent[]> {
  const seen: SessionEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}

test('send answers with the turn, and stream yields its events up to its end', async () => {
  const { client } = await open()
  const session = await client.createSession({ title: 'mine' })
  expect(await session.send('hello')).toMatchObject({ status: 'completed', response: 'You said: hello' })
  const events = await collect(session.stream('one two'))
  expect(events.at(-1)).toMatchObject({ type: 'turn.completed', data: { response: 'You said: one two' } })
  const conversation = events.reduce(applyEvent, emptyConversation)
  expect(conversation.messages.at(-1)?.blocks).toEqual([
    { type: 'text', text: 'You said: one two', partialIndex: null },
  ])
  const listed: unknown[] = []
  for await (const { title } of client.sessions({ limit: 1 })) listed.push(title)
  expect(listed).toEqual(['mine'])
})

test('every operation can be called by its name; bytes come as a response', async () => {
  const { client } = await open()
  const session = await client.createSession()
  await session.send('hello')
  const params = { sessionId: session.id }
  const { turns } = await client.call('listTurns', { params, query: { limit: 5 } })
  expect(turns).toHaveLength(1)
  const attachment = await client.call('createAttachment', { params, query: { name: 'a.txt' }, body: 'text' })
  const attachmentId = attachment.attachmentId
  const stored = await client.call('getAttachment', { params: { ...params, attachmentId } })
  expect(await stored.text()).toBe('text')
  expect(await client.call('deleteAttachment', { params: { ...params, attachmentId } })).toBeUndefined()
  const exported = await client.call('exportSession', { params, query: { format: 'json' } })
  expect((await exported.text()).length).toBeGreaterThan(100)
  expect(await session.update({ title: 'new' })).toMatchObject({ title: 'new' })
  await session.end()
  expect(await session.get()).toMatchObject({ status: 'ended' })
})

test('an error has the code, the details and the id of its request', async () => {
  const { client, door } = await open()
  const error = await client
    .session('11111111-1111-4111-8111-111111111111')
    .send('x')
    .catch(found => found)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({ code: 'SESSION_NOT_FOUND', status: 404, retryable: false, retry: 'never' })
  await until(() => door.lines.some(({ requestId }) => requestId === error.requestId))
  const invalid = await (await client.createSession()).send('').catch(found => found)
  expect(invalid).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ path: 'prompt' }] } })
  const wrong = new ClaudeCodeClient({ baseUrl: door.url, apiKey: 'another-key' })
  await expect(wrong.call('listModels')).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  // An id that leads to another path is refused before anything is sent.
  for (const id of ['..', '.', '', '\ud800']) {
    await expect(client.session(id).get()).rejects.toMatchObject({ code: 'INVALID_REQUEST', status: 400 })
  }
})

test('a prompt whose acceptance was not heard of is sent again under the same key, and runs once', async () => {
  let isFirst = true
  const { client, door, requests } = await open()
  const deaf = new ClaudeCodeClient({
    baseUrl: door.url,
    apiKey: key,
    async fetch(url, init) {
      const response = await fetch(url, init)
      if (!String(url).endsWith('/messages') || !isFirst) return response
      isFirst = false
      await response.text()
      throw new TypeError('the connection broke')
    },
  })
  const { id } = await client.createSession()
  const answered = await deaf.session(id).send('hello')
  const sent = requests.filter(({ url }) => url.endsWith('/messages'))
  expect(sent).toHaveLength(2)
  expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
  const { turns } = await client.call('listTurns', { params: { sessionId: id } })
  expect(turns.map(({ turnId }) => turnId)).toEqual([answered.turnId])
  await deaf.session(id).send('hello')
  const keys = requests.filter(({ url }) => url.endsWith('/messages')).map(request => request.idempotencyKey)
  expect(new Set(keys).size).toBe(2)
})

test('a preset and its versions are made once, however often the requests are sent', async () => {
  const { client, requests } = await open({ fault: failing(/\/presets/, 1, shuttingDown) })
  await client.call('createPreset', { body: { name: 'reviewer', configuration: {} } })
  const params = { preset: 'reviewer' }
  await client.call('createPresetVersion', { params, body: { configuration: {}, expectedVersion: 1 } })
  const keys = requests.map(({ idempotencyKey }) => idempotencyKey)
  expect(keys).toEqual([expect.any(String), keys[0], expect.any(String)])
  expect(new Set(keys).size).toBe(2)
})

test('a refusal that says so is waited out; one that does not, or that asks for too long, is not', async () => {
  const page = (res: ExpressResponse) => res.status(502).send('<h1>Bad gateway</h1>')
  const gone = (res: ExpressResponse) => res.destroy()
  for (const how of [shuttingDown, page, gone]) {
    const { client, requests } = await open({ fault: failing(/^\/api\/v1\/sessions/, 2, how) })
    expect((await client.createSession()).id).toMatch(/-/)
    expect(requests).toHaveLength(3)
  }
  const slow = (res: ExpressResponse) =>
    res
      .status(429)
      .set('Retry-After', '3600')
      .json({ error: { code: 'RATE_LIMIT_EXCEEDED', retryable: true, retry: 'same_key' } })
  const limited = await open({ fault: failing(/sessions/, 9, slow) })
  await expect(limited.client.createSession()).rejects.toMatchObject({ retryAfterMs: 3_600_000 })
  expect(limited.requests).toHaveLength(1)
  // An interrupt is not repeated when it may have arrived.
  const cut = await open({ fault: failing(/interrupt/, 1, gone) })
  const session = await cut.client.createSession()
  await expect(session.interrupt()).rejects.toBeInstanceOf(ConnectionError)
  // It gives up in the end.
  const never = await open({ fault: failing(/sessions/, 99, gone) })
  await expect(never.client.call('listSessions', {}, { retries: 1 })).rejects.toBeInstanceOf(ConnectionError)
  expect(never.requests).toHaveLength(2)
})

test('a stream that is cut continues where it was, and says so', async () => {
  const server = await openAwkwardEvents({ enabled: false })
  onTestFinished(server.close)
  const [, , , , sessionId = ''] = new URL(server.url).pathname.split('/')
  const client = new ClaudeCodeClient({ baseUrl: server.door.url })
  const [events] = await Promise.all([collect(client.session(sessionId).follow()), server.play()])
  const stored = events.flatMap(event => {
    if (!('sequence' in event.data)) return []
    const message = event.type === 'message' ? event.data.message : null
    return event.type === 'caught_up' ? [] : [toLine(event.type, event.data.sequence, message)]
  })
  expect(stored).toEqual(await server.expected())
  expect(events.filter(({ type }) => type === 'reconnected').length).toBeGreaterThan(0)
})

test('a stream reconnects over refusals, and a silent one counts as broken', async () => {
  let streams = 0
  const { client, door } = await open({
    fault(url, res) {
      if (!url.includes('/events')) return false
      streams++
      if (streams === 1) shuttingDown(res)
      // It begins, and then nothing comes.
      if (streams === 2) res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      return streams < 3
    },
  })
  const { id } = await client.createSession()
  const impatient = new ClaudeCodeClient({ baseUrl: door.url, apiKey: key, silenceMs: 100 })
  const events = await collect(impatient.session(id).stream('hello'))
  expect(events.at(-1)?.type).toBe('turn.completed')
  // On a busy machine the last one can be silent for too long as well.
  expect(streams).toBeGreaterThanOrEqual(3)
})

test('leaving a stream leaves its turn running, or interrupts it', async () => {
  const { client } = await open()
  for (const onLeave of ['continue', 'interrupt'] as const) {
    const session = await client.createSession()
    let turnId = ''
    for await (const event of session.stream('hang', { onLeave })) {
      if (event.type === 'turn.queued') turnId = event.data.turnId
      if (event.type === 'message' && event.data.message.type === 'assistant') break
    }
    const { status } = await session.getTurn(turnId)
    expect(status).toBe(onLeave === 'continue' ? 'running' : 'interrupted')
    const leaving = new AbortController()
    const aborted = session.send('hang', { signal: leaving.signal })
    leaving.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await session.end()
  }
})

test('requests are answered by callbacks: of the past, live, by other clients, and by an error', async () => {
  const { client } = await open()
  const session = await client.createSession({ permissionPrompts: 'ask' })
  const asked: string[] = []
  const answered = await session.send('ask', {
    onRequest: {
      permission(request) {
        asked.push(request.toolName)
        return 'allow'
      },
    },
  })
  expect([answered.response, asked]).toEqual(['allowed: null', ['Bash']])
  const denied = await session.send('ask', {
    onRequest: { permission: async () => ({ decision: 'deny', message: 'no' }) },
  })
  expect(denied.response).toBe('denied: no')

  // The reader joins when the request is old; the one of the turn before is not asked for again.
  const { turnId } = await session.submit('ask')
  const requested = async () => {
    for await (const event of session.follow({ turnId }))
      if (event.type === 'permission.requested') return event
    return undefined
  }
  const permissionId = (await requested())?.data.permissionId ?? ''
  expect((await session.pendingRequests()).map(request => request.permissionId)).toEqual([permissionId])
  const seen: string[] = []
  const over = Promise.withResolvers<void>()
  const followed = collect(
    session.follow({
      turnId,
      onRequest: {
        async permission(request, { signal }) {
          seen.push(request.permissionId)
          signal.addEventListener('abort', () => over.resolve())
          // Another client is faster.
          await session.answer(request.permissionId, { decision: 'allow' })
          await over.promise
          return 'deny' as const
        },
      },
    }),
  )
  expect((await followed).at(-1)).toMatchObject({ data: { response: 'allowed: null' } })
  expect(seen).toEqual([permissionId])
  expect(await session.pendingRequests()).toEqual([])
  expect(await session.answerIfPending(permissionId, { decision: 'deny' })).toBeUndefined()
  const unknown = session.answerIfPending(newIdempotencyKey(), { decision: 'deny' })
  await expect(unknown).rejects.toSatisfy(error => isApiError(error, 'PERMISSION_REQUEST_NOT_FOUND'))
  expect((await session.find())?.sessionId).toBe(session.id)
  expect(await client.session(permissionId).find()).toBeUndefined()

  const broken = session.send('ask', {
    onLeave: 'interrupt',
    onRequest: {
      permission() {
        throw new Error('the callback is broken')
      },
    },
  })
  await expect(broken).rejects.toThrow('the callback is broken')
})

test('an answer that may have arrived is sent again', async () => {
  const { client, requests } = await open({ fault: failing(/permissions\/./, 1, res => res.destroy()) })
  const session = await client.createSession({ permissionPrompts: 'ask' })
  const answered = await session.send('ask', { onRequest: { permission: () => 'allow' } })
  expect(answered.response).toBe('allowed: null')
  expect(requests.filter(({ url }) => /permissions\/./.test(url))).toHaveLength(2)
})

test('a body that stays away is a broken connection, and a ticket that stays away can be left', async () => {
  const begin = (res: ExpressResponse) => {
    res.writeHead(200, { 'content-type': 'application/json' }).write('{')
  }
  const { client, door, requests } = await open({ fault: failing(/\/models/, 1, begin) })
  const impatient = new ClaudeCodeClient({ baseUrl: door.url, apiKey: key, timeoutMs: 300 })
  expect(await impatient.call('listModels')).toHaveProperty('models')
  // On a busy machine another response can be late as well.
  expect(requests.filter(({ url }) => url.endsWith('/models')).length).toBeGreaterThanOrEqual(2)

  const { id } = await client.createSession()
  const leaving = new AbortController()
  const ticket = () => {
    leaving.abort(new Error('enough'))
    return new Promise<string>(() => {})
  }
  const followed = collect(client.session(id).follow({ ticket, signal: leaving.signal }))
  await expect(followed).rejects.toThrow('enough')
})

test('a turn that failed is an error, and is run again only where that was asked for', async () => {
  const { client, launcher } = await open()
  const session = await client.createSession()
  await expect(session.send('die')).rejects.toMatchObject({
    code: 'MESSAGE_SEND_FAILED',
    status: null,
    retry: 'new_key',
    details: { reason: 'process_died' },
  })
  let times = 0
  launcher.script = async scene => {
    times++
    if (times === 1) scene.die()
    return 'at last'
  }
  expect((await session.send('again', { turnRetries: 2 })).response).toBe('at last')
  expect(times).toBe(2)
})

test('a reader without a key takes a ticket for each connection, and fails when there is none', async () => {
  const { client, door, requests } = await open({
    fault: failing(/ticket=/, 1, res => res.destroy()),
  })
  const session = await client.createSession()
  await session.send('hello')
  const without = new ClaudeCodeClient({ baseUrl: door.url, retries: 2 }).session(session.id)
  let taken = 0
  const ticket = async () => {
    taken++
    // The page's own server can be away as well.
    if (taken === 2) throw new TypeError('fetch failed')
    return (await client.call('createTicket', { body: { sessionId: session.id } })).ticket
  }
  const types: string[] = []
  for await (const { type } of without.follow({ ticket })) {
    types.push(type)
    if (type === 'caught_up') break
  }
  expect(types).toContain('turn.completed')
  expect(taken).toBe(3)
  const urls = requests.map(({ url }) => url).filter(url => url.includes('ticket='))
  expect(urls.length).toBe(2)
  const refused = await collect(without.follow({ ticket: () => 'ticket_made-up' })).catch(error => error)
  expect(refused).toMatchObject({ code: 'INVALID_API_KEY' })
})
