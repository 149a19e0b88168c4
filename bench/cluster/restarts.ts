import { setTimeout as wait } from 'node:timers/promises'
import { isTerminal } from '../../src/sessions/turns/turn.ts'
import type { Answer } from '../support/caller.ts'
import type { BenchCluster } from '../support/open-cluster.ts'
import { median, ms, printTable, printTarget } from '../support/report.ts'
import type { Scope } from '../support/scope.ts'

const boundMs = 60_000
const prompt = 'What is 6 times 7?'

interface Load {
  answeredMs: number[]
  /** By how they ended. */
  ended: Map<string, number>
  /** Requests that a node refused or did not answer; the caller asked another one. */
  askedAgain: number
}

/** Three nodes are stopped in order and started again, one after the other, under light load: no turn may be lost. */
export async function measureRestarts(scope: Scope, cluster: BenchCluster): Promise<void> {
  const names = [...cluster.nodes.keys()]
  const callers = scope.quick ? 2 : 4
  const load: Load = { answeredMs: [], ended: new Map(), askedAgain: 0 }
  let isRolling = true
  const loops = Array.from({ length: callers }, async () => {
    const session = await ask(cluster, load, 'POST', '/sessions', {})
    while (isRolling) await oneTurn(cluster, load, session.body.sessionId)
  })
  const restarted: number[] = []
  const roll = async () => {
    for (const name of names) {
      await wait(scope.quick ? 200 : 1_000)
      const begun = performance.now()
      const { server } = cluster.nodes.get(name) ?? {}
      server?.signal('SIGTERM')
      await server?.ended
      restarted.push(performance.now() - begun)
      await cluster.start(name)
    }
    isRolling = false
  }
  await Promise.all([
    roll().finally(() => {
      isRolling = false
    }),
    ...loops,
  ])
  const turns = load.answeredMs.length
  const lost = turns - (load.ended.get('completed') ?? 0)
  printTable(
    ['three nodes restarted in order', 'figure'],
    [
      ['turns of callers that ask any node', turns],
      ['an answer: median, longest', `${ms(median(load.answeredMs))}, ${ms(Math.max(...load.answeredMs))}`],
      ['from SIGTERM to the end of a node (median)', ms(median(restarted))],
      ['requests that were sent again to another node', load.askedAgain],
    ],
  )
  const ends = [...load.ended].map(([end, count]) => `${count} ${end}`).join(', ')
  printTarget('turns lost in a planned restart', `${lost} (${ends})`, '0', lost === 0 && turns > 0)
}

async function oneTurn(cluster: BenchCluster, load: Load, session: string): Promise<void> {
  const begun = performance.now()
  const { body } = await ask(cluster, load, 'POST', `/sessions/${session}/messages`, {
    ...{ prompt, background: true },
  })
  for (;;) {
    const { body: turn } = await ask(cluster, load, 'GET', `/sessions/${session}/turns/${body.turnId}`)
    if (isTerminal(turn.status)) {
      load.answeredMs.push(performance.now() - begun)
      load.ended.set(turn.status, (load.ended.get(turn.status) ?? 0) + 1)
      return
    }
    if (performance.now() > begun + boundMs) throw new Error(`a turn is still ${turn.status}`)
    await wait(50)
  }
}

/** Asks any node, as a load balancer does that knows nothing of the restart; the next one if it is not there. */
async function ask(
  cluster: BenchCluster,
  load: Load,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const end = performance.now() + boundMs
  for (let turn = Math.floor(Math.random() * 3); performance.now() < end; turn++) {
    const nodes = [...cluster.nodes.values()]
    const answer = await nodes[turn % nodes.length]?.caller.call(method, path, body).catch(() => undefined)
    if (answer && answer.status < 300) return answer
    if (answer && answer.status !== 503) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
    load.askedAgain++
    await wait(50)
  }
  throw new Error(`no node has answered ${method} ${path}`)
}
