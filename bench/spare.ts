import { setTimeout as wait } from 'node:timers/promises'
import { toSdkOptions } from '../src/claude/settings/sdk-options.ts'
import { buildAgentEnvironment } from '../src/config/agent-environment.ts'
import { plainSpec } from '../test/support/agent-parts.ts'
import { claudesOf } from '../test/support/processes.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { endSession } from './support/end-session.ts'
import { openClaudeServer } from './support/open-server.ts'
import { median, ms, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { askOnce } from './support/sdk.ts'
import { inParallel, until } from './support/waiting.ts'

const prompt = 'What is 6 times 7?'
const atOnce = 4
/** Until the last spare process has started as well: a start takes time from what is measured next. */
const pauseMs = 3_000

/** From prompts to first deltas: of turns that have the machine for themselves, and of four at once. */
interface Timings {
  alone: number[]
  together: number[]
}

/**
 * What sessions that are created four at once gain from processes that were started before, after a minute of such
 * traffic. Their first turns are sent one after the other, in changing order, and compared with one cold `query()`;
 * or at once, and compared with four of them at once.
 */
export const spare: Bench = async scope => {
  const [warming, rounds] = scope.quick ? [1, 2] : [4, 8]
  const { server, environment } = await openClaudeServer(scope)
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const options = () =>
    toSdkOptions(plainSpec(scope.directory), { environment: buildAgentEnvironment(environment) })
  const cold = async () => (await askOnce(prompt, options())).firstMs
  const byQuery: Timings = { alone: [], together: [] }
  const bySession: Timings[] = Array.from({ length: atOnce }, () => ({ alone: [], together: [] }))
  for (let round = 0; round < warming + rounds; round++) {
    const mode = round % 2 === 0 ? 'alone' : 'together'
    const sessions = await Promise.all(Array.from({ length: atOnce }, () => caller.createSession()))
    // The order changes: whoever waits for others has time to start a process.
    const order = sessions.map((_, index) => (index + Math.floor(round / 2)) % atOnce)
    const taken: number[] = []
    await inParallel(order, mode === 'alone' ? 1 : atOnce, async index => {
      taken[index] = await firstDelta(caller, sessions[index] ?? '')
    })
    for (const session of sessions) await endSession(caller, server.pid, session)
    const isReady = () => claudesOf(server.pid).length >= atOnce
    await until('spare processes are started', isReady, 60_000)
    await wait(scope.quick ? 500 : pauseMs)
    if (round < warming) continue
    for (const [at, index] of order.entries()) bySession[at]?.[mode].push(taken[index] ?? Number.NaN)
    byQuery[mode].push(...(await Promise.all(Array.from({ length: mode === 'alone' ? 1 : atOnce }, cold))))
  }
  for (const mode of ['alone', 'together'] as const) {
    const coldMs = median(byQuery[mode])
    const name = mode === 'alone' ? 'one after the other' : 'at once'
    printTable(
      [`first turn, ${name}: prompt to first delta`, 'n', 'median', 'p90', 'to cold query()'],
      [
        row('cold query()', byQuery[mode], coldMs),
        ...bySession.map((timings, at) => row(`turn ${at + 1} of ${atOnce}`, timings[mode], coldMs)),
      ],
    )
    const worst = Math.max(...bySession.map(timings => median(timings[mode]))) / coldMs
    printTarget(`the slowest of four, ${name}`, times(worst), '≤ ×0.35', worst <= 0.35)
  }
}

function row(name: string, values: number[], coldMs: number) {
  const middle = median(values)
  return [name, values.length, ms(middle), ms(quantile(values, 0.9)), times(middle / coldMs)]
}

async function firstDelta(caller: Caller, session: string): Promise<number> {
  const begun = performance.now()
  let firstMs = Number.NaN
  const request = { prompt, includeDeltas: true }
  await caller.follow('POST', `/sessions/${session}/stream`, request, ({ event }) => {
    if (event === 'delta' && Number.isNaN(firstMs)) firstMs = performance.now() - begun
  })
  if (Number.isNaN(firstMs)) throw new Error('a turn was not answered')
  return firstMs
}
