import { setTimeout as wait } from 'node:timers/promises'
import { toSdkOptions } from '../src/claude/settings/sdk-options.ts'
import { buildAgentEnvironment } from '../src/config/agent-environment.ts'
import { plainSpec } from '../test/support/agent-parts.ts'
import { type Caller, createCaller } from './support/caller.ts'
import { openChild } from './support/child.ts'
import { endSession } from './support/end-session.ts'
import { openClaudeServer } from './support/open-server.ts'
import { processorSecondsOf } from './support/process-figures.ts'
import { median, ms, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'
import { askOnce, openLiveSdk, type Timing } from './support/sdk.ts'

const prompt = 'What is 6 times 7?'

/**
 * What the API adds to a turn: the same prompts to the same Claude Code with the same options and environment, by
 * HTTP, on the SDK with a process that lives, and on the SDK with a process for each prompt.
 */
export const turns: Bench = async scope => {
  const rounds = scope.quick ? 3 : 100
  const coldRounds = scope.quick ? 1 : 15
  const { server, environment } = await openClaudeServer(scope, { maxLiveProcesses: 4 })
  const caller = createCaller(server.url)
  scope.onEnd(() => caller.close())
  const newOptions = () =>
    toSdkOptions(plainSpec(scope.directory), { environment: buildAgentEnvironment(environment) })
  const sdk = openLiveSdk(newOptions())
  scope.onEnd(() => sdk.close())
  const session = await caller.createSession()
  const byHttp = () => streamOnce(caller, session, prompt)
  const byMessages = () => sendOnce(caller, session, prompt)
  for (let warm = 0; warm < 3; warm++) {
    await byHttp()
    await byMessages()
    await sdk.ask(prompt)
    await sdk.ask(prompt)
  }
  const floor = await openChild(
    scope,
    'live-sdk-server.ts',
    { cwd: scope.directory, environment },
    environment,
  )
  const throughBare = () => streamBare(floor.url, prompt)
  for (let warm = 0; warm < 6; warm++) await throughBare()
  const bare: Timing[] = []
  let bareSeconds = 0
  let serverSeconds = 0
  const before = await server.state()
  const http: Timing[] = []
  const answers: number[] = []
  const live: Timing[] = []
  const perPrompt: Timing[] = []
  for (let round = 0; round < rounds; round++) {
    // Two turns on either side in each round, so that both conversations grow alike; who is first changes.
    const steps = [
      async () => void http.push(await byHttp()),
      async () => void live.push(await sdk.ask(prompt)),
      async () => void bare.push(await throughBare()),
      async () => void answers.push(await byMessages()),
      async () => void live.push(await sdk.ask(prompt)),
      async () => void bare.push(await throughBare()),
    ]
    const used = [processorSecondsOf(server.pid), processorSecondsOf(floor.pid)] as const
    for (const step of round % 2 === 0 ? steps : steps.reverse()) await step()
    serverSeconds += processorSecondsOf(server.pid) - used[0]
    bareSeconds += processorSecondsOf(floor.pid) - used[1]
    if (round % Math.ceil(rounds / coldRounds) === 0) perPrompt.push(await askOnce(prompt, newOptions()))
  }
  const { commits } = await server.state()
  await endSession(caller, server.pid, session)
  await sdk.close()
  await floor.close()

  const settled = () => wait(scope.quick ? 100 : 2_500)
  await settled()
  const atOnce: Timing[] = []
  const inBurst: Timing[] = []
  const later: Timing[] = []
  const cold: Timing[] = []
  for (let round = 0; round < coldRounds; round++) {
    atOnce.push(await firstTurn(caller, server.pid))
    await settled()
    cold.push(await askOnce(prompt, newOptions()))
    // Whatever was kept ready is taken by the first of two.
    const other = await caller.createSession()
    inBurst.push(await firstTurn(caller, server.pid))
    await endSession(caller, server.pid, other)
    await settled()
    later.push(await firstTurn(caller, server.pid, scope.quick ? 200 : 2_000))
    await settled()
  }

  const first = (timings: Timing[]) => timings.map(timing => timing.firstMs)
  const whole = (timings: Timing[]) => timings.map(timing => timing.answerMs)
  printTable(
    ['second and later turns', 'n', 'median', 'p90', 'to live SDK', 'to process per prompt'],
    [
      row('first delta: POST /stream', first(http), first(live), first(perPrompt)),
      row('first delta: bare node:http, live SDK', first(bare), first(live), first(perPrompt)),
      row('first delta: SDK, live process', first(live), first(live), first(perPrompt)),
      row('first delta: SDK, process per prompt', first(perPrompt), first(live), first(perPrompt)),
      row('answer: POST /messages', answers, whole(live), whole(perPrompt)),
      row('answer: bare node:http, live SDK', whole(bare), whole(live), whole(perPrompt)),
      row('answer: SDK, live process', whole(live), whole(live), whole(perPrompt)),
      row('answer: SDK, process per prompt', whole(perPrompt), whole(live), whole(perPrompt)),
    ],
  )
  const sent = rounds * 2
  const perTurn = (seconds: number) => `${ms((seconds * 1000) / sent)}`
  printTable(
    ['a turn costs', 'processor time', 'transactions (an fsync each)'],
    [
      ['this server', perTurn(serverSeconds), ((commits - before.commits) / sent).toFixed(2)],
      ['bare node:http in front of the live SDK', perTurn(bareSeconds), '0'],
    ],
  )
  const coldMs = median(first(cold))
  printTable(
    ['first turn, prompt to first delta', 'n', 'median', 'p90', 'to cold query()'],
    [
      ['cold query()', cold.length, ms(coldMs), ms(quantile(first(cold), 0.9)), times(1)],
      ...(
        [
          ['right after POST /sessions', atOnce],
          ['right after the second of two POST /sessions', inBurst],
          ['two seconds after it', later],
        ] as const
      ).map(([name, timings]) => [
        name,
        timings.length,
        ms(median(first(timings))),
        ms(quantile(first(timings), 0.9)),
        times(median(first(timings)) / coldMs),
      ]),
    ],
  )
  const added = median(first(http)) - median(first(live))
  const ratio = median(first(http)) / median(first(live))
  printTarget(
    'HTTP above the live SDK',
    `+${ms(added)}, ${times(ratio)}`,
    '≤ +10 ms and ≤ ×1.5',
    added <= 10 && ratio <= 1.5,
  )
  const answerRatio = median(answers) / median(whole(live))
  printTarget('first delta to the live SDK', times(ratio), '≤ ×1.10', ratio <= 1.1)
  printTarget('answer to the live SDK', times(answerRatio), '≤ ×1.15', answerRatio <= 1.15)
  const transactions = (commits - before.commits) / sent
  printTarget('transactions a turn', transactions.toFixed(2), '≤ 3', transactions <= 3)
  const faster = median(first(perPrompt)) / median(first(http))
  printTarget('faster than a process per prompt', times(faster), '≥ ×8', faster >= 8)
  const ofCold = (timings: Timing[]) => median(first(timings)) / coldMs
  printTarget('first turn at once, to a cold query()', times(ofCold(atOnce)), '≤ ×0.8', ofCold(atOnce) <= 0.8)
  printTarget('first turn two seconds later', times(ofCold(later)), '≤ ×0.5', ofCold(later) <= 0.5)
}

function row(name: string, values: number[], live: number[], perPrompt: number[]) {
  const middle = median(values)
  return [
    name,
    values.length,
    ms(middle),
    ms(quantile(values, 0.9)),
    times(middle / median(live)),
    times(middle / median(perPrompt)),
  ]
}

async function streamOnce(caller: Caller, session: string, text: string): Promise<Timing> {
  const begun = performance.now()
  const timing = { firstMs: Number.NaN, answerMs: Number.NaN }
  await caller.follow(
    'POST',
    `/sessions/${session}/stream`,
    { prompt: text, includeDeltas: true },
    ({ event }) => {
      if (event === 'delta' && Number.isNaN(timing.firstMs)) timing.firstMs = performance.now() - begun
      if (event === 'complete') timing.answerMs = performance.now() - begun
    },
  )
  if (Number.isNaN(timing.firstMs + timing.answerMs)) throw new Error('a turn was not answered')
  return timing
}

/** One prompt through Node's own HTTP server in front of the live SDK. */
async function streamBare(url: string, text: string): Promise<Timing> {
  const begun = performance.now()
  const timing = { firstMs: Number.NaN, answerMs: Number.NaN }
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ prompt: text }) })
  for await (const chunk of response.body ?? []) {
    if (Number.isNaN(timing.firstMs) && Buffer.from(chunk).includes('event: delta')) {
      timing.firstMs = performance.now() - begun
    }
  }
  timing.answerMs = performance.now() - begun
  return timing
}

async function sendOnce(caller: Caller, session: string, text: string): Promise<number> {
  const begun = performance.now()
  const { status, body } = await caller.call('POST', `/sessions/${session}/messages`, { prompt: text })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return performance.now() - begun
}

async function firstTurn(caller: Caller, serverPid: number, afterMs = 0): Promise<Timing> {
  const session = await caller.createSession()
  if (afterMs > 0) await wait(afterMs)
  const timing = await streamOnce(caller, session, prompt)
  await endSession(caller, serverPid, session)
  return timing
}
