import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { limitConnections, serverOptions } from '../../src/app/server-limits.ts'
import type { LimitsConfig } from '../../src/config/options.ts'
import type { SessionService } from '../../src/sessions/ports/session-service.ts'
import { type ErrorBody, key, type OpenDoor, openDoor, readError } from './open-door.ts'

const session = crypto.randomUUID()
const other = crypto.randomUUID()
const otherKey = 'Key-for-Tests-2'

/** Readers that the service was asked for in this test. */
let followed = 0
beforeEach(() => {
  followed = 0
})

/** A service whose streams stay open, and whose uploads are stored when the test says so. */
function openLimited(limits: LimitsConfig, stored: Promise<void> = Promise.resolve()): Promise<OpenDoor> {
  const service = {
    async follow(_caller: unknown, _id: string, { signal }: { signal: AbortSignal }) {
      followed++
      return {
        overflow: new AbortController().signal,
        async *[Symbol.asyncIterator]() {
          await new Promise(resolve => signal.addEventListener('abort', resolve))
        },
      }
    },
    files: {
      save: async () => {
        await stored
        return { path: 'a', sizeBytes: 1, modifiedAt: 0, tag: 'x', created: true }
      },
    },
  } as unknown as Partial<SessionService>
  return openDoor({ service, config: { limits, auth: { apiKeys: [key, otherKey] } } })
}

async function refusal(response: Response) {
  const { error } = await readError(response)
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    code: error.code,
    details: error.details,
  }
}

const callerLimit = (limitName: string, limit: number) => ({
  status: 429,
  retryAfter: '5',
  code: 'CALLER_LIMIT_REACHED',
  details: { limitName: `limits.${limitName}`, limit },
})
const serverLimit = (limitName: string, limit: number) => ({
  ...callerLimit(limitName, limit),
  status: 503,
  code: 'SERVER_LIMIT_REACHED',
})

/** Sends the headers of an upload and a part of its body, and leaves it there. */
function stall(door: OpenDoor, declared: number, id = session) {
  const request = httpRequest(`${door.url}/sessions/${id}/files/content?path=a`, {
    method: 'PUT',
    headers: { 'x-api-key': key, 'content-length': declared },
  })
  const response = once(request, 'response').then(([answer]) => answer)
  // It is cut by the test or by the end of the server.
  request.on('error', () => {})
  response.catch(() => {})
  request.write('x')
  onTestFinished(() => void request.destroy())
  return { request, response }
}

const put = (door: OpenDoor, size: number, apiKey = key) =>
  door.call(`/sessions/${session}/files/content?path=a`, {
    method: 'PUT',
    body: 'x'.repeat(size),
    headers: { 'x-api-key': apiKey },
  })

/** Asks until the answer is another one: what was given back is seen by the server a moment later. */
async function until(ask: () => Promise<Response>, status: number): Promise<void> {
  for (let time = 0; time < 500; time++) {
    const response = await ask()
    await response.body?.cancel()
    if (response.status === status) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`no answer with ${status} within 10 seconds`)
}

describe('bodies', () => {
  test('stalled uploads take what they declare, and give it back when they are gone', async () => {
    await using door = await openLimited({ bodyBytesPerKey: 1 })
    const largest = 32 * 1024 * 1024
    const { request } = stall(door, largest - 100)
    await until(() => put(door, 200), 429)
    expect(await refusal(await put(door, 200))).toEqual(callerLimit('bodyBytesPerKey', largest))
    expect((await put(door, 200, otherKey)).status).toBe(201)
    request.destroy()
    await until(() => put(door, 200), 201)
  })

  test('there is a total for all keys', async () => {
    await using door = await openLimited({ bodyBytes: 1 })
    const largest = 32 * 1024 * 1024
    stall(door, largest - 100)
    await until(() => put(door, 200, otherKey), 503)
    expect(await refusal(await put(door, 200, otherKey))).toEqual(serverLimit('bodyBytes', largest))
  })

  test('uploads are counted until they are stored', async () => {
    const { promise: stored, resolve } = Promise.withResolvers<void>()
    await using door = await openLimited({ uploadsPerKey: 2, uploads: 3 }, stored)
    const first = [put(door, 1), put(door, 1)]
    await until(() => fetchHead(door), 429)
    expect(await refusal(await put(door, 1))).toEqual(callerLimit('uploadsPerKey', 2))
    const third = put(door, 1, otherKey)
    await until(() => fetchHead(door, otherKey), 503)
    resolve()
    for (const answer of [...first, third]) expect((await answer).status).toBe(201)
    await until(() => put(door, 1), 201)
  })

  test('a body that stops arriving is ended with 408', async () => {
    await using door = await openLimited({ bodyIdleMs: 200 })
    const { response } = stall(door, 1000)
    expect((await response).statusCode).toBe(408)
  })

  test('a JSON body counts while it is read, not while its request waits', async () => {
    await using door = await openLimited({ bodyBytesPerKey: 1, streamsPerKey: 1 })
    for (let time = 0; time < 4; time++) {
      const response = await door.post(`/sessions/${session}/messages`, { unknown: 'x'.repeat(9_000_000) })
      expect(response.status).toBe(400)
    }
  })
})

/** An upload that is refused before it is read, if uploads are at their limit; else it waits with the others. */
function fetchHead(door: OpenDoor, apiKey = key): Promise<Response> {
  return Promise.race([
    put(door, 1, apiKey),
    new Promise<Response>(resolve => setTimeout(() => resolve(new Response(null, { status: 202 })), 100)),
  ])
}

describe('streams', () => {
  const follow = (door: OpenDoor, id: string, apiKey = key) =>
    door.call(`/sessions/${id}/events`, { headers: { 'x-api-key': apiKey } })

  test('are bounded by session, by key and in all', async () => {
    await using door = await openLimited({ streamsPerSession: 1, streamsPerKey: 2, streams: 3 })
    const first = await follow(door, session)
    expect(first.status).toBe(200)
    expect(await refusal(await follow(door, session))).toEqual(callerLimit('streamsPerSession', 1))
    expect(await refusal(await follow(door, session.toUpperCase()))).toEqual(
      callerLimit('streamsPerSession', 1),
    )
    expect((await follow(door, other)).status).toBe(200)
    expect(await refusal(await follow(door, crypto.randomUUID()))).toEqual(callerLimit('streamsPerKey', 2))
    expect((await follow(door, crypto.randomUUID(), otherKey)).status).toBe(200)
    expect(await refusal(await follow(door, crypto.randomUUID(), otherKey))).toEqual(
      serverLimit('streams', 3),
    )
    await first.body?.cancel()
    await until(() => follow(door, session, otherKey), 200)
  })

  test('a prompt whose answer cannot be streamed is not accepted', async () => {
    await using door = await openLimited({ streamsPerSession: 1 })
    await follow(door, session)
    const refused = await door.post(`/sessions/${session}/stream`, { prompt: 'hi' })
    expect(await refusal(refused)).toEqual(callerLimit('streamsPerSession', 1))
  })
})

describe('connections', () => {
  /** A bare server with the limits of a host application. */
  async function openHost(limits: { connections?: number; connectionsPerAddress?: number }) {
    const held: (() => void)[] = []
    const server = limitConnections(
      createServer(serverOptions, (req, res) => {
        if (req.url === '/held') held.push(() => void res.end('held'))
        else res.end('ok')
      }),
      limits,
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const { port } = server.address() as AddressInfo
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      return socket
    }
    return { open, url: `http://127.0.0.1:${port}`, held }
  }

  const ask = (socket: Socket, path = '/') => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  const firstLine = async (socket: Socket) => String((await once(socket, 'data'))[0]).split('\r\n')[0]

  test('that say nothing make room for those that ask', async () => {
    const { open } = await openHost({ connectionsPerAddress: 20 })
    const silent = []
    for (let count = 0; count < 20; count++) silent.push(await open())
    const gone = once(silent[0] as Socket, 'close')
    const asking = await open()
    ask(asking)
    expect(await firstLine(asking)).toBe('HTTP/1.1 200 OK')
    await gone
  })

  test('that are at work are not ended: one too many is told the name of the limit', async () => {
    const { open, held } = await openHost({ connectionsPerAddress: 2 })
    const working = [await open(), await open()]
    for (const socket of working) ask(socket, '/held')
    while (held.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
    const extra = await open()
    const answer = String((await once(extra, 'data'))[0])
    expect(answer).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 5/s)
    expect((JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as ErrorBody).error).toMatchObject({
      code: 'SERVER_LIMIT_REACHED',
      details: { limitName: 'limits.connectionsPerAddress' },
    })
    const answered = working.map(firstLine)
    for (const release of held) release()
    expect(await Promise.all(answered)).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
  })

  test('there is a total over all addresses', async () => {
    const { open } = await openHost({ connections: 3, connectionsPerAddress: 10 })
    const sockets = [await open(), await open(), await open()]
    const gone = once(sockets[0] as Socket, 'close')
    await open()
    await gone
  })

  test('requests that wait on one connection are bounded', async () => {
    await using door = await openLimited({ pipelinedRequests: 2, streamsPerSession: 9 })
    const { port } = new URL(door.url)
    const socket = connect(Number(port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    const one = `GET /api/v1/sessions/${session}/events HTTP/1.1\r\nHost: x\r\nx-api-key: ${key}\r\n\r\n`
    socket.write(one.repeat(50))
    await vi.waitUntil(() => followed === 2, { timeout: 30_000 })
    socket.destroy()
    // Also those that wait behind the others are over now.
    await vi.waitUntil(() => door.lines.filter(({ operation }) => operation === 'followEvents').length >= 2, {
      timeout: 30_000,
    })
    expect(followed).toBe(2)
  })
})
