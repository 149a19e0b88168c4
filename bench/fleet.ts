import { claudesOf } from '../test/support/processes.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { openClaudeServer } from './support/open-server.ts'
import { memoryOf, processorSecondsOf } from './support/process-figures.ts'
import { mean, median, megabytes, print, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { inParallel } from './support/waiting.ts'

const maxLiveProcesses = 8
const boundMs = 12 * 60_000

interface Asked {
  caller: number
  answered: boolean
  problem?: string
  /** From acceptance until the turn got a process, by the server's clock. */
  waitMs: number
  turnMs: number
}

/**
 * Many sessions, few processes: all callers send all of their turns at once, one caller after the other, each turn
 * in another session. Nearly every turn has to wait, then needs a process of another session to make room.
 */
export const fleet: Bench = async scope => {
  const [callers, sessionsEach, turnsEach] = scope.quick ? [5, 4, 3] : [50, 20, 10]
  const keys = Array.from({ length: callers }, (_, index) => `key-of-caller-${index}`)
  const { server } = await openClaudeServer(scope, {
    auth: { apiKeys: keys },
    maxSessions: callers * sessionsEach,
    maxLiveProcesses,
    // All of one caller's turns may stand in line, and those of all the others.
    maxWaitingTurns: callers * turnsEach,
  })
  const clients = keys.map(key => createCaller(server.url, key))
  scope.onEnd(() => {
    for (const client of clients) client.close()
  })
  const atStart = memoryOf(server.pid).now

  const sessions = new Map<Caller, string[]>(clients.map(client => [client, []]))
  const creations = clients.flatMap(client => Array.from({ length: sessionsEach }, () => client))
  const creating = performance.now()
  await inParallel(creations, 10, async client => {
    sessions.get(client)?.push(await client.createSession())
  })
  const creatingMs = performance.now() - creating
  const whenOpen = memoryOf(server.pid).now

  let mostProcesses = 0
  const counting = setInterval(() => {
    mostProcesses = Math.max(mostProcesses, claudesOf(server.pid).length)
  }, 500)
  const bound = AbortSignal.timeout(boundMs)
  const processorBefore = processorSecondsOf(server.pid)
  const asking = performance.now()
  const asked: Asked[] = await Promise.all(
    clients.flatMap((client, index) =>
      (sessions.get(client) ?? [])
        .slice(0, turnsEach)
        .map((session, turn) => ask(client, index, session, turn, bound)),
    ),
  )
  const askingMs = performance.now() - asking
  const processorSeconds = processorSecondsOf(server.pid) - processorBefore
  clearInterval(counting)
  const { now, peak } = memoryOf(server.pid)
  const { heapUsed } = await server.state()

  const answered = asked.filter(one => one.answered)
  for (const problem of new Set(asked.flatMap(one => one.problem ?? []))) print(`  not answered: ${problem}`)
  const byCaller = [...Map.groupBy(answered, one => one.caller).values()]
  const waits = byCaller.map(turns => mean(turns.map(turn => turn.waitMs)))
  const inSeconds = (value: number) => `${(value / 1000).toFixed(1)} s`
  printTable(
    ['what', 'figure'],
    [
      [
        `${creations.length} sessions created`,
        `${inSeconds(creatingMs)}, ${(creations.length / (creatingMs / 1000)).toFixed(0)}/s`,
      ],
      [
        `${asked.length} turns from ${callers} callers at once`,
        `${inSeconds(askingMs)}, ${(asked.length / (askingMs / 1000)).toFixed(2)}/s`,
      ],
      ['live processes at most', mostProcesses],
      [
        'wait for a process, mean of a caller: least, median, most',
        [0, 0.5, 1].map(share => inSeconds(quantile(waits, share))).join(', '),
      ],
      ['turn once it runs, median', inSeconds(median(answered.map(one => one.turnMs)))],
      [
        'server CPU for the turns',
        `${processorSeconds.toFixed(1)} s, ${((processorSeconds / asked.length) * 1000).toFixed(0)} ms each`,
      ],
      [
        'server memory: at start, all open, peak, end',
        [atStart, whenOpen, peak, now].map(megabytes).join(', '),
      ],
      ['server heap at the end', megabytes(heapUsed)],
    ],
  )
  printTarget(
    'turns answered',
    `${answered.length} of ${asked.length}`,
    'all',
    answered.length === asked.length,
  )
  const slowest = Math.max(...waits) / median(waits)
  printTarget('slowest caller, to the median', times(slowest), '≤ ×3', slowest <= 3)
  printTarget('peak memory of the server', megabytes(peak), '< 250 MB', peak < 250 * 1024 * 1024)
  printTarget(
    'live processes',
    String(mostProcesses),
    `≤ ${maxLiveProcesses}`,
    mostProcesses <= maxLiveProcesses,
  )
}

async function ask(
  client: Caller,
  caller: number,
  session: string,
  turn: number,
  bound: AbortSignal,
): Promise<Asked> {
  const unanswered = { caller, answered: false, waitMs: Number.NaN, turnMs: Number.NaN }
  try {
    const path = `/sessions/${session}`
    const prompt = `What is ${caller} times ${turn}?`
    const { status, body } = await client.call('POST', `${path}/messages`, { prompt }, bound)
    if (status !== 200 || !body.response.includes(`is ${caller * turn}.`)) {
      return { ...unanswered, problem: JSON.stringify(body) }
    }
    const found = await client.call('GET', `${path}/turns/${body.turnId}`)
    const { createdAt, startedAt, endedAt } = found.body
    return {
      caller,
      answered: true,
      waitMs: Date.parse(startedAt) - Date.parse(createdAt),
      turnMs: Date.parse(endedAt) - Date.parse(startedAt),
    }
  } catch (error) {
    return { ...unanswered, problem: String(error) }
  }
}
