import { setTimeout as wait } from 'node:timers/promises'
import { toSdkOptions } from '../../src/claude/settings/sdk-options.ts'
import { buildAgentEnvironment } from '../../src/config/agent-environment.ts'
import { plainSpec } from '../../test/support/agent-parts.ts'
import { childrenOf } from '../../test/support/processes.ts'
import { type BenchCluster, placesOf } from '../support/open-cluster.ts'
import { median, ms, printTable, printTarget } from '../support/report.ts'
import type { Scope } from '../support/scope.ts'
import { askOnce } from '../support/sdk.ts'
import { until } from '../support/waiting.ts'

/** The stand-in begins to answer this prompt and never ends. */
const endlessPrompt = 'never come to an end'
export const endlessScript = {
  match: endlessPrompt,
  answer: 'on and on',
  delivery: { fragmentSize: 1, delayMs: 3_600_000 },
}

/** How an owner dies: alone, or together with the warden, so that its lease has to lapse. */
export type Death = 'node' | 'node and warden'

export interface TakeOver {
  /** From the kill, in milliseconds. */
  ownedMs: number
  answeredMs: number
  /** A cold `query()` on the same machine: an answer includes a start of Claude Code. */
  coldMs: number
}

/** Kills the owner of a session while a turn runs and a prompt waits, which another node then answers. */
export async function takeOver(cluster: BenchCluster, death: Death): Promise<TakeOver> {
  const [first] = cluster.nodes.values()
  if (!first) throw new Error('no node')
  const session = await first.caller.createSession()
  const { owner, other } = await placesOf(cluster, session)
  const running = await other.caller.call('POST', `/sessions/${session}/messages`, {
    ...{ prompt: endlessPrompt, background: true },
  })
  if (running.status !== 202) throw new Error(JSON.stringify(running.body))
  await until('the turn runs', async () => {
    const { body } = await other.caller.call('GET', `/sessions/${session}/turns/${running.body.turnId}`)
    return body.status === 'running'
  })
  let last = ''
  const body = { prompt: 'What is 6 times 7?' }
  const answered = other.caller
    .follow('POST', `/sessions/${session}/stream`, body, ({ event }) => {
      last = event
    })
    .then(() => performance.now())
  await until('the prompt waits', () => last !== '')
  const before = await cluster.ownerOf(session)
  const wardens = childrenOf(owner.server.pid).filter(({ command }) => command.includes('/warden'))
  if (death === 'node and warden') for (const { pid } of wardens) process.kill(pid, 'SIGKILL')
  owner.server.signal('SIGKILL')
  const killedAt = performance.now()
  let ownedAt: number | undefined
  while (ownedAt === undefined && performance.now() < killedAt + 60_000) {
    const now = await cluster.ownerOf(session)
    if (now && now.life !== before?.life) ownedAt = performance.now()
    else await wait(20)
  }
  const answeredAt = await answered
  if (last !== 'complete' || ownedAt === undefined)
    throw new Error(`the prompt that waited ended with ${last}`)
  await owner.server.ended
  await other.caller.call('DELETE', `/sessions/${session}`)
  await cluster.start(owner.name)
  const cold = await askOnce(
    body.prompt,
    toSdkOptions(plainSpec(cluster.shared), { environment: buildAgentEnvironment(cluster.environment) }),
  )
  return { ownedMs: ownedAt - killedAt, answeredMs: answeredAt - killedAt, coldMs: cold.answerMs }
}

/** So many rounds of each death, at a lease of so long. */
export async function measureTakeOver(
  scope: Scope,
  cluster: BenchCluster,
  leaseMs: number,
  deaths: readonly [death: Death, rounds: number, targetMs: number][],
): Promise<void> {
  const found = new Map<Death, TakeOver[]>()
  for (const [death, rounds] of deaths) {
    const takeOvers: TakeOver[] = []
    for (let round = 0; round < (scope.quick ? 1 : rounds); round++)
      takeOvers.push(await takeOver(cluster, death))
    found.set(death, takeOvers)
  }
  const middle = (death: Death, key: keyof TakeOver) =>
    median((found.get(death) ?? []).map(takeOver => takeOver[key]))
  printTable(
    [`kill -9 of the owner, lease ${leaseMs} ms`, 'n', 'owned by another', 'answered', 'a cold query()'],
    deaths.map(([death]) => [
      `the ${death} killed`,
      (found.get(death) ?? []).length,
      ms(middle(death, 'ownedMs')),
      ms(middle(death, 'answeredMs')),
      ms(middle(death, 'coldMs')),
    ]),
  )
  for (const [death, , targetMs] of deaths) {
    const answered = middle(death, 'answeredMs')
    const what = `a prompt that waited, the ${death} killed`
    printTarget(what, `answered after ${ms(answered)}`, `≤ ${ms(targetMs)}`, answered <= targetMs)
  }
}
