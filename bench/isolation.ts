import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { programsOf } from '../test/support/processes.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { endSession } from './support/end-session.ts'
import { openClaudeServer } from './support/open-server.ts'
import { proportionalMemoryOf } from './support/process-figures.ts'
import { median, megabytes, ms, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench, Scope } from './support/scope.ts'

const prompt = 'What is 6 times 7?'
const laterTurns = 5
const levels = ['none', 'process'] as const

interface Figures {
  first: number[]
  later: number[]
  bytes: number[]
}

/**
 * What a box costs: first turns without a spare process, later turns, and the memory of a process with everything that
 * it has started. Two servers, one with and one without, take turns.
 */
export const isolation: Bench = async scope => {
  const rounds = scope.quick ? 1 : 12
  const figures = { none: emptyFigures(), process: emptyFigures() }
  const servers = { none: await openCaller(scope, 'none'), process: await openCaller(scope, 'process') }
  for (let round = 0; round <= rounds; round++) {
    for (const level of round % 2 === 0 ? levels : levels.toReversed()) {
      const { caller, pid } = servers[level]
      // The first one reads the program from the disk.
      await measure(caller, pid, round === 0 ? emptyFigures() : figures[level])
    }
  }
  const base = figures.none
  for (const [name, read] of [
    ['first turn, to the answer', (each: Figures) => each.first],
    ['later turns, to the answer', (each: Figures) => each.later],
  ] as const) {
    printTable(
      [name, 'n', 'median', 'p90', 'to none'],
      levels.map(level => {
        const values = read(figures[level])
        const ratio = median(values) / median(read(base))
        return [level, values.length, ms(median(values)), ms(quantile(values, 0.9)), times(ratio)]
      }),
    )
  }
  printTable(
    ['memory of a process (PSS)', 'median', 'to none'],
    levels.map(level => {
      const middle = median(figures[level].bytes)
      return [level, megabytes(middle), times(middle / median(base.bytes))]
    }),
  )
  const first = median(figures.process.first) / median(base.first)
  const later = median(figures.process.later) / median(base.later)
  printTarget('first turn in a box', times(first), '≤ ×1.25', first <= 1.25)
  printTarget('later turns in a box', times(later), '≤ ×1.2', later <= 1.2)
}

function emptyFigures(): Figures {
  return { first: [], later: [], bytes: [] }
}

async function measure(caller: Caller, pid: number, into: Figures): Promise<void> {
  const session = await caller.createSession()
  into.first.push(await ask(caller, session))
  for (let turn = 0; turn < laterTurns; turn++) into.later.push(await ask(caller, session))
  const { body } = await caller.call('GET', `/sessions/${session}`)
  const members = programsOf(body.claudeSessionId)
  into.bytes.push(members.reduce((sum, member) => sum + proportionalMemoryOf(member), 0))
  await endSession(caller, pid, session)
}

async function ask(caller: Caller, session: string): Promise<number> {
  const begun = performance.now()
  const { status } = await caller.call('POST', `/sessions/${session}/messages`, { prompt })
  if (status !== 200) throw new Error(`a turn was answered with ${status}`)
  return performance.now() - begun
}

async function openCaller(scope: Scope, level: (typeof levels)[number]) {
  const directory = join(scope.directory, level)
  mkdirSync(directory)
  const own = { ...scope, directory }
  const { server } = await openClaudeServer(own, { isolation: level, keepSpareProcess: false })
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  return { caller, pid: server.pid }
}
