import { expect, onTestFinished, test } from 'vitest'
import { ClaudeCodeClient, type FeedEvent } from '../../src/client/index.ts'
import { createClient, parseFrames, type SseFrame } from '../support/client.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'

const shared = openOnce(async () => {
  const opened = await openSessions()
  const door = await openDoor({
    service: opened.sessions,
    config: { rateLimit: { enabled: false }, limits: { streamsPerSession: 1 } },
  })
  endsLater(() => door[Symbol.asyncDispose]())
  const own = (await opened.sessions.create(caller, plain)).session.id
  await opened.ask(own, 'hello')
  return { ...opened, door, own }
})

async function framesOf(response: Response): Promise<SseFrame[]> {
  const frames: SseFrame[] = []
  for await (const frame of parseFrames(response)) frames.push(frame)
  return frames
}

/** A stored key, and streams that it opens. */
async function makeKey(body: object) {
  const { door } = shared()
  const made = await (
    await door.post('/keys', { name: 'of a test', scopes: ['sessions:read'], ...body })
  ).json()
  const { key: text, keyId } = made as { key: string; keyId: string }
  const call = (path: string, init: RequestInit = {}) =>
    fetch(door.url + path, { ...init, headers: { 'x-api-key': text, 'content-type': 'application/json' } })
  return { keyId, call }
}

test('an event has the data of its session, and its position as id to resume from', async () => {
  const { door, own } = shared()
  const frames = await framesOf(await door.call('/events?follow=false'))
  const ofSession = await framesOf(
    await door
      .call(`/sessions/${own}/events?after=0`, { signal: AbortSignal.timeout(60_000) })
      .then(async response => {
        // The session goes on; its past is enough.
        const [first] = response.body?.tee() ?? []
        return new Response(first?.pipeThrough(untilCaughtUp()))
      }),
  )
  const known = new Map(
    ofSession.filter(({ event }) => event !== 'caught_up').map(({ data }) => [data.sequence, data]),
  )
  const events = frames.filter(({ event }) => event !== 'caught_up')
  expect(events.length).toBeGreaterThan(3)
  expect(events.map(({ event }) => event)).not.toContain('message')
  for (const { data } of events) expect(data).toEqual(known.get(data.sequence))
  const ids = events.map(({ id }) => Number(id))
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  const last = frames.at(-1)
  expect(last).toEqual({ event: 'caught_up', id: last?.id, data: { position: Number(last?.id) } })
  const headers = { 'last-event-id': String(ids[1]) }
  const rest = await framesOf(await door.call('/events?follow=false&after=0', { headers }))
  expect(rest).toEqual(frames.slice(2))
  const messages = await framesOf(await door.call('/events?follow=false&types=message,turn.started'))
  expect(new Set(messages.map(({ event }) => event))).toEqual(
    new Set(['turn.started', 'message', 'caught_up']),
  )
})

/** Ends a stream after its first `caught_up`. */
function untilCaughtUp(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      if (Buffer.from(chunk).includes('event: caught_up')) controller.terminate()
    },
  })
}

test.each([
  ['types=turn.done', 'types'],
  ['types=', 'types'],
  ['after=-1', 'after'],
  ['follow=maybe', 'follow'],
  ['turnId=x', 'turnId'],
])('refuses %s and names the field', async (query, field) => {
  const response = await shared().door.call(`/events?${query}`)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(field)
})

test('a ticket opens it once, a ticket for one session does not', async () => {
  const { door, own } = shared()
  const take = async (body: object) =>
    ((await (await door.post('/tickets', body)).json()) as { ticket: string }).ticket
  const path = `/events?follow=false&ticket=${await take({})}`
  expect((await framesOf(await fetch(door.url + path))).at(-1)?.event).toBe('caught_up')
  expect((await fetch(door.url + path)).status).toBe(403)
  const bound = await fetch(`${door.url}/events?ticket=${await take({ sessionId: own })}`)
  expect([bound.status, await bound.text()]).toEqual([403, expect.stringContaining('one session')])
})

test('a key sees its tenant or its session, needs the scope, and its end ends the stream', async () => {
  const { door, sessions, own } = shared()
  const other = (await sessions.create(caller, plain)).session.id
  const idsOf = async (response: Response) =>
    new Set(
      (await framesOf(response)).flatMap(({ data }) => (data.sessionId ? [String(data.sessionId)] : [])),
    )
  const bound = await makeKey({ sessionId: own })
  expect(await idsOf(await bound.call('/events?follow=false'))).toEqual(new Set([own]))
  expect(await idsOf(await door.call('/events?follow=false'))).toEqual(new Set([own, other]))
  const foreign = await makeKey({ tenant: 'elsewhere' })
  expect(await idsOf(await foreign.call('/events?follow=false'))).toEqual(new Set())
  expect((await foreign.call('/events?tenant=default')).status).toBe(403)
  expect((await (await makeKey({ scopes: ['sessions:write'] })).call('/events')).status).toBe(403)
  // More than one at a time: they are not streams of one session.
  const ending = await makeKey({})
  const reading = [framesOf(await ending.call('/events')), framesOf(await ending.call('/events'))]
  expect((await door.call(`/keys/${ending.keyId}`, { method: 'DELETE' })).status).toBe(204)
  for (const frames of await Promise.all(reading))
    expect(frames.at(-1)).toEqual({ event: 'closing', data: {} })
})

test('the client answers the requests of all sessions, those that wait already too', async () => {
  const { door, sessions, launcher } = shared()
  launcher.script = async ({ ask }) => ((await ask()) ? 'done' : '')
  const submit = async () => {
    const { id } = (await sessions.create(caller, { ...plain, permissionPrompts: 'ask' })).session
    return { id, turn: (await sessions.submit(caller, id, promptOf('run it'))).turn }
  }
  const waiting = await submit()
  await until(
    async () => (await sessions.getTurn(caller, waiting.id, waiting.turn.id)).status === 'requires_action',
  )
  const client = new ClaudeCodeClient({ baseUrl: door.url, apiKey: key })
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const seen: FeedEvent[] = []
  const onRequest = { permission: () => 'allow' as const }
  const reading = (async () => {
    for await (const event of client.follow({ onRequest, signal: leaving.signal })) seen.push(event)
  })()
  const later = await submit()
  const isOver = ({ turn }: typeof later) =>
    seen.some(event => event.type === 'turn.completed' && event.data.turnId === turn.id)
  await until(() => isOver(waiting) && isOver(later))
  leaving.abort()
  await expect(reading).rejects.toThrow('abort')
})

test('a client resumes where it was when the server is killed', async () => {
  const directory = temporaryDirectory()
  const options = {
    port: 0,
    dataDir: `${directory}/data`,
    defaultCwd: directory,
    auth: { apiKeys: ['key-of-the-test'] },
    keepSpareProcess: false,
  }
  const open = async () => {
    const cli = openServerProgram(options, { HOME: directory, CLAUDE_CONFIG_DIR: `${directory}/.claude` })
    const url = `${/listening on (\S+)/.exec(await cli.said(/listening on \S+/))?.[1]}/api/v1`
    return { cli, url, client: createClient(url, 'key-of-the-test') }
  }
  const ids: string[] = []
  const seen: FeedEvent[] = []
  for (let life = 0; life < 2; life++) {
    const { cli, url, client } = await open()
    const after = seen.flatMap(event => ('position' in event ? [event.position] : [])).at(-1) ?? 0
    const reading = (async () => {
      const follower = new ClaudeCodeClient({ baseUrl: url, apiKey: 'key-of-the-test', retries: 0 })
      for await (const event of follower.follow({ after })) seen.push(event)
    })()
    for (let index = 0; index < 10; index++) ids.push(await client.createSession())
    if (life > 0)
      await until(() => seen.filter(({ type }) => type === 'session.created').length === ids.length)
    cli.child.kill('SIGKILL')
    await expect(reading).rejects.toThrow()
  }
  const created = seen.flatMap(event => (event.type === 'session.created' ? [event.data.sessionId] : []))
  expect(created).toEqual(ids)
})
