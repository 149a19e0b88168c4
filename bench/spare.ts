import { setTimeout as wait } from 'node:timers/promises'
import { toSdkOptions } from '../src/claude/settings/sdk-options.ts'
import { buildAgentEnvironment } from '../src/config/agent-environment.ts'
import { plainSpec } from '../test/support/agent-parts.ts'
import { claudesOf } from '../test/support/processes.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { openClaudeServer } from './support/open-server.ts'
import { median, ms, print, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { askOnce } from './support/sdk.ts'
import { until } from './support/waiting.ts'

const prompt = 'What is 6 times 7?'
const atOnce = 4
/** Longer than it takes to start that many processes one after the other. */
const pauseMs = 6_000

/**
 * What sessions that are created four at once gain from processes that were started before, after a minute of such
 * traffic. Each first turn is compared with a cold `query()`, which has the machine for itself: so the turns are sent
 * one after the other too.
 */
export const spare: Bench = async scope => {
  const [warming, rounds] = scope.quick ? [1, 1] : [4, 6]
  const { server, environment } = await openClaudeServer(scope)
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const options = () =>
    toSdkOptions(plainSpec(scope.directory), { environment: buildAgentEnvironment(environment) })
  const cold: number[] = []
  const first: number[][] = Array.from({ length: atOnce }, () => [])
  for (let round = 0; round < warming + rounds; round++) {
    const sessions = await Promise.all(Array.from({ length: atOnce }, () => caller.createSession()))
    const taken: number[] = []
    for (const session of sessions) taken.push(await firstDelta(caller, session))
    if (round >= warming) for (const [index, value] of taken.entries()) first[index]?.push(value)
    for (const session of sessions) await endSession(caller, server.pid, session)
    await wait(scope.quick ? 500 : pauseMs)
    if (round >= warming) cold.push((await askOnce(prompt, options())).firstMs)
  }
  const coldMs = median(cold)
  printTable(
    ['first turn, prompt to first delta', 'n', 'median', 'p90', 'to cold query()'],
    [
      ['cold query()', cold.length, ms(coldMs), ms(quantile(cold, 0.9)), times(1)],
      ...first.map((values, index) => [
        `session ${index + 1} of ${atOnce} created at once`,
        values.length,
        ms(median(values)),
        ms(quantile(values, 0.9)),
        times(median(values) / coldMs),
      ]),
    ],
  )
  const worst = Math.max(...first.map(values => median(values))) / coldMs
  printTarget('the slowest of four at once, to a cold query()', times(worst), '≤ ×0.35', worst <= 0.35)
  print(`(${claudesOf(server.pid).length} processes are ready at the end)`)
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

/** With its process: one that is ending would take time from what is measured next. */
async function endSession(caller: Caller, serverPid: number, session: string): Promise<void> {
  const { body } = await caller.call('GET', `/sessions/${session}`)
  await caller.call('DELETE', `/sessions/${session}`)
  await until(
    'the process of an ended session is gone',
    () => claudesOf(serverPid, body.claudeSessionId).length === 0,
  )
}
