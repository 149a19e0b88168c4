import { once } from 'node:events'
import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { streamGap } from '../../src/contract/events.ts'
import type { FollowRequest, LogItem } from '../../src/sessions/log/log-item.ts'
import type { SessionService } from '../../src/sessions/ports/session-service.ts'
import { parseFrames, type SseFrame } from '../support/client.ts'
import {
  claudeSessionId,
  digest,
  event,
  FakeReader,
  message,
  sessionId,
  sessionRecord,
  settingsInForce,
  submission,
  turnId,
  turnRecord,
} from './fake-records.ts'
import { type DoorOptions, key, type OpenDoor, openDoor, readError } from './open-door.ts'

/** The characters at which Python's `str.splitlines` ends a line, as does `requests`' `iter_lines`. */
const lineEnds = [...'\n\u000b\f\r\u001c\u001d\u001e\u0085\u2028\u2029']
const pythonLineEnd = new RegExp(`\r\n|[${lineEnds.join('')}]`)

const delta: LogItem = {
  kind: 'delta',
  delta: { turnId, messageId: 'm', blockIndex: 0, delta: { type: 'text', text: 'Hi' } },
}

/** A door whose service gives every reader to the test. */
async function openStreams(more: Partial<SessionService> = {}, options: DoorOptions = {}) {
  const opened: FakeReader[] = []
  const waiting: ((reader: FakeReader) => void)[] = []
  const interrupts: unknown[] = []
  const interrupted = Promise.withResolvers<void>()
  const open = (request: FollowRequest) => {
    const reader = new FakeReader(request)
    const receiver = waiting.shift()
    if (receiver) receiver(reader)
    else opened.push(reader)
    return reader
  }
  const door = await openDoor({
    ...options,
    service: {
      get: async () => ({
        session: sessionRecord(),
        state: 'idle' as const,
        digest,
        backgroundTasks: 0,
        settingsInForce,
      }),
      submit: async () => submission(turnRecord({ status: 'running', firstSequence: null }), turnRecord()),
      getTurn: async () => turnRecord(),
      interrupt: async (_caller, ...rest) => {
        interrupts.push(rest)
        interrupted.resolve()
        return { interrupted: [], cancelled: [] }
      },
      follow: async (_caller, _sessionId, request) => open(request),
      followTurn: (turn, request) => open({ ...request, after: 0, turnId: turn.id }),
      ...more,
    },
  })
  const nextReader = async () => opened.shift() ?? new Promise<FakeReader>(resolve => waiting.push(resolve))
  return { door, nextReader, interrupts, interrupted: interrupted.promise }
}

async function readAll(response: Response): Promise<SseFrame[]> {
  const frames: SseFrame[] = []
  for await (const frame of parseFrames(response)) frames.push(frame)
  return frames
}

const stream = (door: OpenDoor, body: object = {}, init: RequestInit = {}) =>
  door.post(`/sessions/${sessionId}/stream`, { prompt: 'hello', ...body }, init)

describe('POST /stream', () => {
  it('sends connected, what Claude says, and one complete', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = stream(door, { includeDeltas: true })
    const reader = await nextReader()
    const response = await answer
    expect(reader.request).toMatchObject({ after: 0, turnId, includeDeltas: true })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'transfer-encoding': 'chunked',
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      connection: 'keep-alive',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    })
    reader.push(event(2, 'turn.queued'), event(3, 'turn.started'), message(4, 'user', 'hello'))
    reader.items.push(delta)
    reader.push(message(5, 'sdk', 'Hi'), event(6, 'turn.completed'), message(7, 'sdk', 'too late'))
    const frames = await readAll(response)
    expect(frames.map(({ event: name, id }) => [name, id])).toEqual([
      ['connected', undefined],
      ['delta', undefined],
      ['message', '5'],
      ['complete', '6'],
    ])
    expect(frames[0]?.data).toEqual({ sessionId, turnId })
    expect(frames[2]?.data).toEqual({
      type: 'claude_code_message',
      sessionId,
      turnId,
      sequence: 5,
      timestamp: '2026-01-02T03:04:05.006Z',
      message: { type: 'assistant', text: 'Hi' },
    })
    expect(frames[3]?.data).toMatchObject({
      summary: 'Hi there',
      sessionId: claudeSessionId,
      stopReason: 'end_turn',
    })
    expect(frames[3]?.data).not.toHaveProperty('messageId')
    await reader.left
  })

  it('sends one error when the turn failed', async () => {
    const error = { code: 'MODEL_OVERLOADED', reason: 'overloaded', message: 'Overloaded' } as const
    const { door, nextReader } = await openStreams({
      submit: async () =>
        submission(turnRecord({ status: 'running' }), turnRecord({ status: 'failed', error })),
    })
    await using _ = door
    const answer = stream(door)
    ;(await nextReader()).push(event(6, 'turn.failed'))
    const frames = await readAll(await answer)
    expect(frames.slice(1)).toEqual([
      {
        event: 'error',
        id: '6',
        data: {
          error: 'Overloaded',
          code: error.code,
          details: { turnId, reason: 'overloaded' },
          retryable: true,
          retry: 'new_key',
          turnId,
        },
      },
    ])
  })

  it('sends one error, and no secret, when something unexpected happens', async () => {
    const { door, nextReader } = await openStreams({
      submit: async () =>
        submission(turnRecord({ status: 'running' }), Promise.reject(new Error('secret of the house'))),
    })
    await using _ = door
    const answer = stream(door)
    ;(await nextReader()).push(event(6, 'turn.completed'))
    const frames = await readAll(await answer)
    expect(frames.map(frame => frame.event)).toEqual(['connected', 'error'])
    expect(frames[1]?.data).toMatchObject({ code: 'MESSAGE_SEND_FAILED', turnId })
    expect(JSON.stringify(frames)).not.toContain('secret')
  })

  it.each(['the log', 'the door'])('sends one error when %s closes', async who => {
    const { door, nextReader, interrupts } = await openStreams()
    await using _ = door
    const answer = stream(door)
    const reader = await nextReader()
    const response = await answer
    if (who === 'the log') reader.items.push({ kind: 'closing' })
    else await door.door.close()
    const frames = await readAll(response)
    expect(frames.map(frame => frame.event)).toEqual(['connected', 'error'])
    expect(frames[1]?.data).toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(interrupts).toEqual([])
  })

  it('has its last word when the last event of the turn is not kept any longer', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = stream(door)
    const reader = await nextReader()
    reader.items.push({ kind: 'gap', from: 2, to: 9 })
    reader.items.push({ kind: 'caught_up', sequence: 9 })
    reader.items.end()
    const frames = await readAll(await answer)
    expect(frames.map(({ event: name, id }) => [name, id])).toEqual([
      ['connected', undefined],
      ['complete', '5'],
    ])
  })

  it('is cut without a last word when the reader has fallen behind', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = stream(door)
    const reader = await nextReader()
    reader.overflowing.abort()
    reader.items.end()
    // The connection breaks; a last word would end it in order.
    await expect(answer.then(response => response.text())).rejects.toThrow()
  })

  it.each([
    [{}, 1],
    [{ onDisconnect: 'interrupt' }, 1],
    [{ onDisconnect: 'continue' }, 0],
  ])('lets go when the client is gone: %j', async (body, count) => {
    const { door, nextReader, interrupts, interrupted } = await openStreams()
    await using _ = door
    const leaving = new AbortController()
    const answer = stream(door, body, { signal: leaving.signal })
    const reader = await nextReader()
    await answer
    leaving.abort()
    await reader.left
    if (count > 0) await interrupted
    await door.door.close()
    expect(interrupts).toEqual(Array(count).fill([sessionId, { turnId, clearQueue: false }]))
  })

  it('answers in JSON what goes wrong before it starts', async () => {
    const { door } = await openStreams({
      submit: async () => {
        throw new Error('secret')
      },
    })
    await using _ = door
    const response = await stream(door)
    expect([response.status, (await readError(response)).error.code]).toEqual([500, 'SSE_SETUP_FAILED'])
  })
})

describe('GET /events', () => {
  const path = `/sessions/${sessionId}/events`

  it('sends every event with its sequence, and what is only live without', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(`${path}?includeDeltas=true`)
    const reader = await nextReader()
    reader.push(event(1, 'session.created', { model: null }, null), message(2, 'user', 'hello'))
    reader.items.push({ kind: 'caught_up', sequence: 2 })
    reader.items.push(delta)
    reader.items.push({ kind: 'closing' })
    reader.items.end()
    const frames = await readAll(await answer)
    expect(frames.map(({ event: name, id }) => [name, id])).toEqual([
      ['session.created', '1'],
      ['message', '2'],
      ['caught_up', undefined],
      ['delta', undefined],
      ['closing', undefined],
    ])
    expect(frames[0]?.data).toEqual({
      sessionId,
      sequence: 1,
      timestamp: '2026-01-02T03:04:05.006Z',
      model: null,
    })
    expect(frames[1]?.data).not.toHaveProperty('source')
  })

  it('says what retention has removed, with an id to go on from', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(path)
    const reader = await nextReader()
    reader.items.push({ kind: 'gap', from: 1, to: 7 })
    reader.push(message(8, 'sdk', 'hello'))
    reader.items.end()
    const [gap, next] = await readAll(await answer)
    expect(gap).toEqual({ event: 'gap', id: '7', data: { sessionId, from: 1, to: 7 } })
    expect(streamGap.parse(gap?.data)).toEqual(gap?.data)
    expect(next?.id).toBe('8')
  })

  it('is cut at once when the reader has fallen behind', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(path)
    const reader = await nextReader()
    const reading = readAll(await answer)
    reader.overflowing.abort()
    await expect(reading).rejects.toThrow('terminated')
    reader.items.end()
    await reader.left
  })

  it.each([
    ['', {}, 0],
    ['?after=5', {}, 5],
    ['?after=latest', {}, 'latest'],
    ['?after=5', { 'last-event-id': '7' }, 7],
    ['?after=latest', { 'last-event-id': '0' }, 0],
    ['?after=5', { 'last-event-id': '' }, 5],
  ])('starts where it is told: %s %j', async (query, headers, after) => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(path + query, { headers })
    const reader = await nextReader()
    expect(reader.request.after).toBe(after)
    reader.items.end()
    await (await answer).text()
  })

  it('is 204 when nothing can come any more, whatever Last-Event-ID says', async () => {
    const { door, nextReader } = await openStreams({
      follow: async (_caller, _sessionId, request) =>
        Object.assign(new FakeReader(request), { exhausted: request.after !== 3 }),
    })
    await using _ = door
    void nextReader
    for (const method of ['GET', 'HEAD']) {
      const response = await door.call(`${path}?turnId=${turnId}`, {
        method,
        headers: { 'last-event-id': '6' },
      })
      expect([response.status, response.headers.get('content-type')]).toEqual([204, null])
      expect(await response.text()).toBe('')
    }
  })

  it.each(lineEnds)('has no raw %j in any line of data', async character => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(`${path}?includeDeltas=true`)
    const reader = await nextReader()
    const text = `before${character}after`
    reader.push(
      event(1, 'session.created', { title: text, metadata: { [text]: text } }, null),
      message(2, 'sdk', text),
      event(3, 'turn.completed', { response: text }),
    )
    reader.items.push({
      kind: 'delta',
      delta: { turnId, messageId: text, blockIndex: 0, delta: { type: 'text', text } },
    })
    reader.items.end()
    const body = await (await answer).text()
    expect(body.split(pythonLineEnd).filter(line => line !== '')).toHaveLength(3 * 3 + 2)
    const data = body
      .split('\n')
      .flatMap(line => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []))
    expect(
      data.map(({ title, message: said, response, delta: piece }) => [
        title,
        said?.text,
        response,
        piece?.text,
      ]),
    ).toEqual([
      [text, undefined, undefined, undefined],
      [undefined, text, undefined, undefined],
      [undefined, undefined, text, undefined],
      [undefined, undefined, undefined, text],
    ])
  })

  it('sends closing last when the door is closed', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(path)
    const reader = await nextReader()
    reader.push(message(1, 'sdk', 'hello'))
    const response = await answer
    await door.door.close()
    const frames = await readAll(response)
    expect(frames.at(-1)?.event).toBe('closing')
    expect(frames.filter(frame => frame.event === 'closing')).toHaveLength(1)
  })

  it('lets the reader go at once for HEAD', async () => {
    const { door, nextReader } = await openStreams()
    await using _ = door
    const answer = door.call(path, { method: 'HEAD' })
    const reader = await nextReader()
    reader.items.end()
    const response = await answer
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await reader.left
  })

  it('stops reading the log while the client takes nothing, and lets go when it leaves', async () => {
    let taken = 0
    const left = Promise.withResolvers<void>()
    const { door } = await openStreams({
      follow: async () => ({
        overflow: new AbortController().signal,
        exhausted: false,
        async *[Symbol.asyncIterator](): AsyncGenerator<LogItem, void> {
          try {
            for (let sequence = 1; sequence <= 500; sequence++) {
              taken = sequence
              yield { kind: 'event', event: message(sequence, 'sdk', 'x'.repeat(1024 * 1024)) }
            }
          } finally {
            left.resolve()
          }
        },
      }),
    })
    await using _ = door
    const request = http.get(door.url + path, { headers: { 'x-api-key': key } })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    // The first chunk has arrived, the sockets fill up, and nobody reads on.
    await once(response, 'readable')
    response.destroy()
    await left.promise
    expect(taken).toBeLessThan(500)
  })
})
