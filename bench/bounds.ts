import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type Caller, createCaller } from './support/caller.ts'
import type { Child } from './support/child.ts'
import { openProbe, type Probe } from './support/health-probe.ts'
import { apiKey, openScriptedServer } from './support/open-server.ts'
import { watchMemory } from './support/process-figures.ts'
import { megabytes, ms, printTable, printTarget, quantile } from './support/report.ts'
import type { Bench, Scope } from './support/scope.ts'

const megabyte = 1024 * 1024
const targetMs = 100

interface Setting {
  scope: Scope
  server: Child
  caller: Caller
  /** Ends with the load that it belongs to. */
  signal: AbortSignal
  /** Counts what was refused, by the name of the limit. */
  refused: Map<string, number>
}

/** Puts the server under load; resolves when the bound is reached, and goes on until the signal. */
type Load = (setting: Setting) => Promise<void>

/** `/health` while each bound is reached, beside what it takes when nothing happens. */
export const bounds: Bench = async scope => {
  const limits = {
    bodyBytesPerKey: 256 * megabyte,
    uploadsPerKey: 32,
    streamsPerSession: scope.quick ? 50 : 1_000,
    streamsPerKey: scope.quick ? 50 : 1_000,
    connections: scope.quick ? 200 : 3_000,
    connectionsPerAddress: scope.quick ? 200 : 3_000,
  }
  const server = await openScriptedServer(scope, { limits })
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const probe = await openProbe(scope, server.url)
  const loads: [name: string, load: Load][] = [
    ['nothing', async () => {}],
    ['stalled uploads', stallUploads],
    [`${limits.streamsPerSession} readers of one session, streaming`, readAlong(limits.streamsPerSession)],
    ['silent connections', stayingSilent(limits.connections)],
    ['10 MB bodies that are refused', sendHostileBodies],
    ['schemas that are hard to compile', sendSchemas],
    ['exports of 5,000 messages', exportAll],
  ]
  const rows: (string | number)[][] = []
  const missed: string[] = []
  for (const [name, load] of loads) {
    const { durations, refused, mostMemory } = await run(load, { scope, server, caller }, probe)
    const p99 = quantile(durations, 0.99)
    if (p99 > targetMs) missed.push(name)
    const named = [...refused].map(([limit, count]) => `${limit} ${count}`).join(', ')
    const figures = [0.5, 0.99, 1].map(share => ms(quantile(durations, share)))
    rows.push([name, ...figures, megabytes(mostMemory), named])
  }
  printTable(['/health under', 'median', 'p99', 'max', 'memory of the server', 'refused'], rows)
  printTarget(
    'p99 of /health under each bound',
    missed.length === 0 ? 'all' : `missed under ${missed.join(', ')}`,
    `≤ ${targetMs} ms`,
    missed.length === 0,
  )
}

async function run(load: Load, parts: Pick<Setting, 'scope' | 'server' | 'caller'>, probe: Probe) {
  const stop = new AbortController()
  const refused = new Map<string, number>()
  const watch = watchMemory(parts.server.pid)
  try {
    await load({ ...parts, signal: stop.signal, refused })
    const durations = await probe.measure(parts.scope.quick ? 500 : 5_000)
    return { durations, refused, mostMemory: watch.stop() }
  } finally {
    stop.abort()
  }
}

function note({ refused }: Setting, body: unknown): void {
  const { error } = (body ?? {}) as { error?: { code?: string; details?: { limitName?: string } } }
  const name = error?.details?.limitName ?? error?.code
  if (name !== undefined) refused.set(name, (refused.get(name) ?? 0) + 1)
}

/** Does it again and again, so many times at once, until the load ends. */
function keepDoing(width: number, signal: AbortSignal, work: () => Promise<unknown>): void {
  for (let index = 0; index < width; index++) {
    void (async () => {
      while (!signal.aborted) await work().catch(() => {})
    })()
  }
}

const stallUploads: Load = async setting => {
  const { caller, server, signal } = setting
  const session = await caller.createSession()
  for (let index = 0; index < 200; index++) {
    const sent = request(`${server.url}/api/v1/sessions/${session}/files/content?path=a${index}`, {
      method: 'PUT',
      headers: { 'x-api-key': apiKey, 'content-length': 8 * megabyte },
      agent: false,
    })
    sent.on('error', () => {})
    sent.on('response', async response => {
      const text = (await response.toArray()).join('')
      note(setting, text === '' ? undefined : JSON.parse(text))
    })
    sent.write(Buffer.alloc(7 * megabyte, 'x'))
    signal.addEventListener('abort', () => sent.destroy())
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

function readAlong(count: number): Load {
  return async setting => {
    const { caller, scope, signal } = setting
    const session = await caller.createSession()
    let connected = 0
    const all = Promise.withResolvers<void>()
    const path = `/sessions/${session}/events?includeDeltas=true`
    const follow = () =>
      caller
        .follow(
          'GET',
          path,
          undefined,
          ({ event }) => {
            if (event === 'caught_up' && ++connected === count) all.resolve()
          },
          signal,
        )
        .catch((error: Error) => {
          if (!signal.aborted && error.message.startsWith('{')) note(setting, JSON.parse(error.message))
        })
    for (let index = 0; index < count; index++) void follow()
    await all.promise
    for (let index = 0; index < 10; index++) void follow()
    const scene = { messages: 100, deltasPerMessage: 10, overMs: scope.quick ? 1_000 : 10_000 }
    void caller
      .call('POST', `/sessions/${session}/messages`, { prompt: JSON.stringify(scene) })
      .catch(() => {})
  }
}

function stayingSilent(count: number): Load {
  return async ({ caller, server, signal, refused }) => {
    const { hostname, port } = new URL(server.url)
    const open = async (): Promise<Socket> => {
      const socket = connect(Number(port), hostname)
      signal.addEventListener('abort', () => socket.destroy())
      socket.on('error', () => {})
      socket.on('close', () => {
        if (!signal.aborted) refused.set('evicted', (refused.get('evicted') ?? 0) + 1)
      })
      await once(socket, 'connect')
      return socket
    }
    for (let opened = 0; opened < count + 100; opened += 50)
      await Promise.all(Array.from({ length: 50 }, open))
    // A call with a key works meanwhile.
    await caller.createSession()
  }
}

const sendHostileBodies: Load = async setting => {
  const { server, signal } = setting
  const bodies = [
    '['.repeat(10 * megabyte - 10),
    `{${Array(1_000_000).fill('"a":1').join()}}`,
    '{"a":'.repeat(2_000_000),
    '1'.repeat(10 * megabyte - 10),
  ].map(text => Buffer.from(text))
  let next = 0
  keepDoing(2, signal, async () => {
    const response = await fetch(`${server.url}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: bodies[next++ % bodies.length] as Buffer<ArrayBuffer>,
      signal,
    })
    note(setting, await response.json())
  })
}

const sendSchemas: Load = async setting => {
  const { caller, signal } = setting
  let made = 0
  keepDoing(50, signal, async () => {
    const number = made++
    const names = Array.from({ length: 400 }, (_, index) => `p${number}_${index}`)
    const schema = {
      type: 'object',
      properties: Object.fromEntries(
        names.map(name => [name, { type: 'array', items: { enum: ['a', 'b'] } }]),
      ),
      bogus: true,
    }
    const { body } = await caller.call('POST', '/sessions', {
      outputFormat: { type: 'json_schema', schema },
    })
    note(setting, body)
  })
}

const exportAll: Load = async ({ scope, caller, server, signal }) => {
  const session = await caller.createSession()
  const scene = { messages: scope.quick ? 500 : 5_000, deltasPerMessage: 1, overMs: 0 }
  const { status, body } = await caller.call('POST', `/sessions/${session}/messages`, {
    prompt: JSON.stringify(scene),
  })
  if (status !== 200) throw new Error(JSON.stringify(body))
  const formats = ['markdown', 'html', 'jsonl', 'json']
  let next = 0
  keepDoing(4, signal, async () => {
    const format = formats[next++ % formats.length]
    const url = `${server.url}/api/v1/sessions/${session}/export?format=${format}`
    const response = await fetch(url, { headers: { 'x-api-key': apiKey }, signal })
    for await (const _ of response.body ?? []) if (signal.aborted) break
  })
}
