import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClaudeCodeApiConfig } from '../src/config/options.ts'
import { claudesOf } from '../test/support/processes.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { openClaudeServer } from './support/open-server.ts'
import { proportionalMemoryOf } from './support/process-figures.ts'
import { megabytes, printTable, printTarget, times } from './support/report.ts'
import { type Bench, runBench, type Scope } from './support/scope.ts'
import { inParallel } from './support/waiting.ts'

const megabyte = 1024 * 1024
const budgetBytes = 1_500 * megabyte
/** What a process was taken to weigh before it was measured. */
const assumedBytes = 300 * megabyte
const sampleMs = 1_000
/** The server's own samples of idle processes are half a minute apart. */
const settledMs = 33_000

interface Density {
  live: number
  mostLive: number
  mostBytes: number
  /** How often a process was started: each session's first, and one for each that was ended to make room. */
  starts: number
  answered: number
  asked: number
}

/**
 * How many sessions keep their process in the same memory, with conversations that grow: once with processes that
 * count 300 MB each, once with processes that count what they weigh.
 */
export const density: Bench = async scope => {
  const assumed = await inItsOwnDirectory(scope, 'assumed', {
    maxLiveProcesses: Math.floor(budgetBytes / assumedBytes),
  })
  const measured = await inItsOwnDirectory(scope, 'measured', { maxProcessMemoryBytes: budgetBytes })
  const row = (name: string, each: Density) => [
    name,
    each.live,
    each.mostLive,
    megabytes(each.mostBytes),
    megabytes(each.mostBytes / each.mostLive),
    each.starts,
    `${each.answered} of ${each.asked}`,
  ]
  printTable(
    [
      `budget ${megabytes(budgetBytes)}`,
      'live at the end',
      'live at most',
      'PSS at most',
      'each',
      'starts',
      'answered',
    ],
    [row('300 MB for each', assumed), row('measured', measured)],
  )
  const ratio = measured.live / assumed.live
  printTarget('live sessions in the same memory', times(ratio), '≥ ×1.8', ratio >= 1.8)
  printTarget(
    'memory of the processes at most',
    megabytes(measured.mostBytes),
    `≤ ${megabytes(budgetBytes * 1.1)}`,
    measured.mostBytes <= budgetBytes * 1.1,
  )
  printTarget(
    'turns answered',
    `${measured.answered} of ${measured.asked}`,
    'all',
    measured.answered === measured.asked,
  )
}

async function inItsOwnDirectory(scope: Scope, name: string, options: ClaudeCodeApiConfig): Promise<Density> {
  const directory = join(scope.directory, name)
  mkdirSync(directory)
  const found = Promise.withResolvers<Density>()
  const { quick, profileDirectory } = scope
  await runBench(async inner => found.resolve(await measure({ ...inner, directory }, options)), {
    quick,
    profileDirectory,
  })
  return found.promise
}

async function measure(scope: Scope, options: ClaudeCodeApiConfig): Promise<Density> {
  const [sessions, rounds] = scope.quick ? [3, 1] : [12, 3]
  const { server } = await openClaudeServer(scope, { ...options, keepSpareProcess: false })
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const pids = new Set<number>()
  let mostLive = 0
  let mostBytes = 0
  const look = () => {
    const live = claudesOf(server.pid)
    for (const pid of live) pids.add(pid)
    mostLive = Math.max(mostLive, live.length)
    mostBytes = Math.max(
      mostBytes,
      live.reduce((sum, pid) => sum + proportionalMemoryOf(pid), 0),
    )
    return live.length
  }
  const looking = setInterval(look, sampleMs)
  scope.onEnd(() => clearInterval(looking))
  const ids: string[] = []
  let answered = 0
  let asked = 0
  for (let round = 0; round < rounds; round++) {
    const indexes = Array.from({ length: sessions }, (_, index) => index)
    await inParallel(indexes, 2, async index => {
      ids[index] ??= await caller.createSession()
      asked++
      if (await ask(caller, ids[index], round)) answered++
    })
  }
  if (!scope.quick) await new Promise(resolve => setTimeout(resolve, settledMs))
  clearInterval(looking)
  return { live: look(), mostLive, mostBytes, starts: pids.size, answered, asked }
}

/** Each prompt makes the conversation longer by 100 KB. */
async function ask(caller: Caller, session: string, round: number): Promise<boolean> {
  const prompt = `Round ${round}. ${'All work and no play makes a long conversation. '.repeat(2_100)}`
  const { status, body } = await caller.call('POST', `/sessions/${session}/messages`, { prompt })
  return status === 200 && body.response !== ''
}
