import { type Caller, createCaller } from './support/caller.ts'
import type { Child } from './support/child.ts'
import { openScriptedServer } from './support/open-server.ts'
import { memoryOf, processorSecondsOf, watchMemory } from './support/process-figures.ts'
import { mean, median, megabytes, ms, printTable, printTarget, times } from './support/report.ts'
import type { Bench, Scope } from './support/scope.ts'
import type { StreamedScene } from './support/serve-scripted.ts'

/** What one reader has received. */
interface Reading {
  messages: number
  deltas: number
  inOrder: boolean
}

interface Run {
  /** By the server's clock: this process reads for all of the readers and is late itself. */
  turnMs: number
  /** Processor time of the server for the turn and its readers, in seconds. */
  processorSeconds: number
  readings: Reading[]
}

const megabyte = 1024 * 1024

/**
 * Many readers of one session. The engine is a script that speaks at the pace of a fast model, whoever reads; a
 * second kind of run speaks as fast as it goes and shows what the server can do.
 */
export const readers: Bench = async scope => {
  const count = scope.quick ? 20 : 200
  const scene = {
    messages: scope.quick ? 20 : 200,
    deltasPerMessage: 10,
    overMs: scope.quick ? 1_000 : 20_000,
  }
  const server = await openScriptedServer(scope)
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const run = (width: number, overMs: number) => runScene(server, caller, scope, width, { ...scene, overMs })
  // Code gets warm, and the heap as large as a single reader needs it.
  await run(1, 0)
  await run(1, 0)
  const before = { ...(await server.state()), rss: memoryOf(server.pid).now }
  const watch = watchMemory(server.pid)
  const alone: Run[] = []
  const crowded: Run[] = []
  for (let pair = 0; pair < (scope.quick ? 1 : 3); pair++) {
    alone.push(await run(0, scene.overMs))
    crowded.push(await run(count, scene.overMs))
  }
  const most = watch.stop()
  const after = { ...(await server.state()), rss: memoryOf(server.pid).now }
  const burstWatch = watchMemory(server.pid)
  const burstAlone = [await run(0, 0), await run(0, 0)]
  const bursts = [await run(count, 0), await run(count, 0)]
  const burstMost = burstWatch.stop()
  const afterBurst = { ...(await server.state()), rss: memoryOf(server.pid).now }

  const total = scene.messages * scene.deltasPerMessage
  printTable(
    [`${scene.messages} messages, ${total} deltas`, 'turn (median)', 'server CPU', 'deltas per reader'],
    [
      row(`paced over ${scene.overMs / 1000} s, no reader`, alone),
      row(`paced over ${scene.overMs / 1000} s, ${count} readers`, crowded),
      row('as fast as it goes, no reader', burstAlone),
      row(`as fast as it goes, ${count} readers`, bursts),
    ],
  )
  printTable(
    ['memory of the server', 'before', 'most', 'after', 'heap before', 'heap after'],
    [
      [
        'paced',
        ...[before.rss, most, after.rss].map(megabytes),
        ...[before.heapUsed, after.heapUsed].map(megabytes),
      ],
      [
        'as fast as it goes',
        ...[after.rss, burstMost, afterBurst.rss].map(megabytes),
        ...[after.heapUsed, afterBurst.heapUsed].map(megabytes),
      ],
    ],
  )
  const expected = scene.messages + 1
  for (const [name, runs] of [
    ['paced', crowded],
    ['as fast as it goes', bursts],
  ] as const) {
    const all = runs.flatMap(({ readings }) => readings)
    const whole = all.filter(({ messages, inOrder }) => inOrder && messages === expected)
    const found = `${whole.length} of ${all.length}`
    printTarget(
      `readers with every message in order, ${name}`,
      found,
      'all',
      all.length > 0 && whole.length === all.length,
    )
  }
  const grown = most - before.rss
  printTarget(
    'memory grows, paced',
    `${megabytes(grown)} (burst ${megabytes(burstMost - before.rss)})`,
    '< 100 MB',
    grown < 100 * megabyte,
  )
  const kept = afterBurst.heapUsed - before.heapUsed
  printTarget('and comes back (heap kept)', megabytes(kept), '≤ 10 MB', kept <= 10 * megabyte)
  const delay = median(turnTimes(crowded)) / median(turnTimes(alone))
  printTarget('turn with readers, to the turn without', times(delay), '≤ ×1.1', delay <= 1.1)
}

function turnTimes(runs: Run[]): number[] {
  return runs.map(({ turnMs }) => turnMs)
}

function row(name: string, runs: Run[]) {
  const deltas = runs.flatMap(({ readings }) => readings.map(reading => reading.deltas))
  return [
    name,
    ms(median(turnTimes(runs))),
    `${median(runs.map(({ processorSeconds }) => processorSeconds)).toFixed(2)} s`,
    deltas.length > 0 ? mean(deltas).toFixed(0) : '',
  ]
}

/** One turn in a session of its own, with so many readers that have all connected before. */
async function runScene(
  server: Child,
  caller: Caller,
  scope: Scope,
  width: number,
  scene: StreamedScene,
): Promise<Run> {
  const session = await caller.createSession()
  const leaving = new AbortController()
  const readings: Reading[] = Array.from({ length: width }, () => ({
    messages: 0,
    deltas: 0,
    inOrder: true,
  }))
  const done = Promise.withResolvers<void>()
  let connected = 0
  const all = Promise.withResolvers<void>()
  let over = 0
  const follow = readings.map(reading =>
    read(caller, session, reading, leaving.signal, {
      onConnected: () => ++connected === width && all.resolve(),
      onOver: () => ++over === width && done.resolve(),
    }),
  )
  if (width > 0) await within(all.promise, 30_000)
  const processorBefore = processorSecondsOf(server.pid)
  const { status, body } = await caller.call('POST', `/sessions/${session}/messages`, {
    prompt: JSON.stringify(scene),
  })
  if (status !== 200) throw new Error(JSON.stringify(body))
  // A reader that was ended for being slow will not see the end; the figures show it.
  if (width > 0) await within(done.promise, scope.quick ? 10_000 : 60_000).catch(() => {})
  const processorSeconds = processorSecondsOf(server.pid) - processorBefore
  leaving.abort()
  await Promise.all(follow)
  await caller.call('DELETE', `/sessions/${session}`)
  return { turnMs: body.durationMs, processorSeconds, readings }
}

async function read(
  caller: Caller,
  session: string,
  reading: Reading,
  signal: AbortSignal,
  { onConnected, onOver }: { onConnected(): void; onOver(): void },
): Promise<void> {
  let last = 0
  const path = `/sessions/${session}/events?includeDeltas=true`
  try {
    await caller.follow(
      'GET',
      path,
      undefined,
      ({ event, id, data }) => {
        if (event === 'caught_up') onConnected()
        if (event === 'delta') reading.deltas++
        if (id === undefined) return
        if (id !== last + 1) reading.inOrder = false
        last = id
        if (event === 'message') {
          // The first is the prompt.
          const number = reading.messages++ - 1
          if (number >= 0 && !data.includes(`"message ${number} `)) reading.inOrder = false
        }
        if (event === 'turn.completed') onOver()
      },
      signal,
    )
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function within<T>(promise: Promise<T>, boundMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`took longer than ${boundMs} ms`)), boundMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
