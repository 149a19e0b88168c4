import { once } from 'node:events'
import http from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { parseFrames, type SseFrame } from '../support/client.ts'
import { caller, openSessions, plain, until } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'

/** The router above real sessions and the scripted engine, whose turns say so many messages of 100 kB. */
async function openTalkative(messages: number) {
  const opened = await openSessions()
  opened.launcher.script = async scene => {
    for (let index = 0; index < messages; index++) {
      scene.say('x'.repeat(100_000))
      await new Promise(resolve => setImmediate(resolve))
    }
    return 'done'
  }
  const door = await openDoor({ service: opened.sessions })
  onTestFinished(() => door[Symbol.asyncDispose]())
  const {
    session: { id },
  } = await opened.sessions.create(caller, plain)
  return { ...opened, door, id }
}

/** A client that asks and then takes nothing, so that the sockets fill up. */
async function openStuck(url: string, init: { method: string; body?: string }) {
  const request = http.request(url, {
    method: init.method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
  })
  request.end(init.body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => {})
  const cut = new Promise(resolve => request.once('close', resolve))
  return { response, cut }
}

const sequencesOf = (frames: SseFrame[]) => frames.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))

it('cuts a reader of events that takes nothing at once, the others are not touched, and it resumes', async () => {
  const { door, id, ask, sessions } = await openTalkative(200)
  const path = `/sessions/${id}/events`
  const stuck = await openStuck(door.url + path, { method: 'GET' })
  const others = Array.from({ length: 3 }, async () => {
    const frames: SseFrame[] = []
    const leaving = new AbortController()
    for await (const frame of parseFrames(await door.call(path, { signal: leaving.signal }))) {
      frames.push(frame)
      if (frame.event === 'turn.completed') break
    }
    leaving.abort()
    return frames
  })
  await ask(id, 'flood')
  const { lastSequence } = (await sessions.get(caller, id)).session
  for (const frames of await Promise.all(others)) {
    expect(sequencesOf(frames)).toEqual(Array.from({ length: lastSequence }, (_, index) => index + 1))
  }
  // The server has let go: the response is over in its log, though the client has not read to its end.
  await until(() => door.lines.some(line => line.operation === 'followEvents' && line.clientGone === true))
  const taken: SseFrame[] = []
  const reading = (async () => {
    const body = new Response(stuck.response as unknown as ReadableStream)
    for await (const frame of parseFrames(body)) taken.push(frame)
  })()
  await Promise.allSettled([reading, stuck.cut])
  const after = sequencesOf(taken).at(-1) ?? 0
  expect(after).toBeLessThan(lastSequence)
  const rest: SseFrame[] = []
  const headers = { 'last-event-id': String(after) }
  const leaving = new AbortController()
  for await (const frame of parseFrames(await door.call(path, { headers, signal: leaving.signal }))) {
    if (frame.event === 'caught_up') break
    rest.push(frame)
  }
  leaving.abort()
  const all = sequencesOf([...taken, ...rest])
  expect(all).toEqual(Array.from({ length: lastSequence }, (_, index) => index + 1))
})

it('cuts a stream whose client takes nothing, and its turn goes on', async () => {
  const { door, id, sessions } = await openTalkative(200)
  const body = JSON.stringify({ prompt: 'flood' })
  const stuck = await openStuck(`${door.url}/sessions/${id}/stream`, { method: 'POST', body })
  await until(() => door.lines.some(line => line.operation === 'streamMessage' && line.clientGone === true))
  stuck.response.destroy()
  await stuck.cut
  const { turns } = await sessions.listTurns(caller, id, { limit: 1, offset: 0 })
  const ended = await sessions.whenTurnEnded(caller, id, turns[0]?.id ?? '', new AbortController().signal)
  expect(ended.status).toBe('completed')
})
