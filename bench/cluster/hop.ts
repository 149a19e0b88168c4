import type { Caller } from '../support/caller.ts'
import type { BenchCluster } from '../support/open-cluster.ts'
import { placesOf } from '../support/open-cluster.ts'
import { median, ms, printTable, printTarget, quantile } from '../support/report.ts'
import type { Scope } from '../support/scope.ts'
import { until } from '../support/waiting.ts'

/** The stand-in answers this prompt with paced deltas. */
export const pacedPrompt = 'speak at a steady pace'
export const pacedScript = (deltas: number) => ({
  match: pacedPrompt,
  answer: 'a few words '.repeat(deltas),
  delivery: { fragmentSize: 12, delayMs: 20 },
})

const prompt = 'What is 6 times 7?'
const targetMs = 2

/**
 * What it costs to ask a node that does not own the session. Deltas: three readers of the same turn at the same time, two
 * at the owner and one at another node; the second reader at the owner shows what this way of measuring adds. Requests
 * and turns: by turns at either node.
 */
export async function measureHop(scope: Scope, cluster: BenchCluster): Promise<void> {
  const [first] = cluster.nodes.values()
  if (!first) throw new Error('no node')
  const session = await first.caller.createSession()
  const { owner, other } = await placesOf(cluster, session)
  // Processes start, connections open, code gets warm.
  for (const { caller } of [owner, other]) {
    for (let warm = 0; warm < 3; warm++) await ask(caller, session, prompt)
  }
  const callers = [owner.caller, owner.caller, other.caller]
  const control: number[] = []
  const added: number[] = []
  for (let round = 0; round < (scope.quick ? 1 : 3); round++) {
    const [direct = [], again = [], through = []] = await readTogether(callers, session)
    control.push(...differences(direct, again))
    added.push(...differences(direct, through))
  }
  const path = `/sessions/${session}`
  const requests = await alternate(scope.quick ? 20 : 1_000, [owner.caller, other.caller], async caller => {
    const begun = performance.now()
    const { status } = await caller.call('GET', path)
    if (status !== 200) throw new Error(`a request was answered with ${status}`)
    return performance.now() - begun
  })
  const turns = await alternate(scope.quick ? 3 : 40, [owner.caller, other.caller], async caller => {
    const begun = performance.now()
    await ask(caller, session, prompt)
    return performance.now() - begun
  })
  const difference = (name: string, [direct = [], through = []]: number[][]) => [
    name,
    direct.length,
    ms(median(direct)),
    ms(median(through)),
    ms(median(through) - median(direct)),
    ms(quantile(through, 0.99) - quantile(direct, 0.99)),
  ]
  printTable(
    ['one hop', 'n', 'direct', 'through another node', 'added (p50)', 'added (p99)'],
    [
      ['a delta', added.length, '', '', ms(median(added)), ms(quantile(added, 0.99))],
      [
        'a delta, second reader at the owner',
        control.length,
        ...['', '', ms(median(control)), ms(quantile(control, 0.99))],
      ],
      difference('GET /sessions/:id', requests),
      difference('POST /messages, the whole turn', turns),
    ],
  )
  printTarget(
    'a delta through another node',
    `+${ms(median(added))} (p50)`,
    `< ${targetMs} ms`,
    median(added) < targetMs,
  )
}

/** The times at which each of some readers gets the deltas of one turn. */
async function readTogether(callers: readonly Caller[], session: string): Promise<number[][]> {
  const leaving = new AbortController()
  const times = callers.map(() => [] as number[])
  let connected = 0
  let over = 0
  const readers = callers.map((caller, index) =>
    caller
      .follow(
        'GET',
        `/sessions/${session}/events?includeDeltas=true`,
        undefined,
        ({ event }) => {
          if (event === 'caught_up') connected++
          if (event === 'delta') times[index]?.push(performance.now())
          if (event === 'turn.completed') over++
        },
        leaving.signal,
      )
      .catch(error => {
        if (!leaving.signal.aborted) throw error
      }),
  )
  await until('all readers are there', () => connected === callers.length)
  // The turns before are in the log.
  over = 0
  for (const seen of times) seen.length = 0
  await ask(callers[0] as Caller, session, pacedPrompt)
  await until('all readers have the whole turn', () => over === callers.length)
  leaving.abort()
  await Promise.all(readers)
  if (new Set(times.map(({ length }) => length)).size > 1) throw new Error('a reader has missed deltas')
  return times
}

async function ask(caller: Caller, session: string, text: string): Promise<void> {
  const { status, body } = await caller.call('POST', `/sessions/${session}/messages`, { prompt: text })
  if (status !== 200) throw new Error(`a turn was answered with ${status}: ${body?.error?.code}`)
}

function differences(one: readonly number[], other: readonly number[]): number[] {
  return other.map((at, index) => at - (one[index] ?? Number.NaN))
}

/** The same at each caller in turn; who is first changes. */
async function alternate(
  rounds: number,
  callers: readonly Caller[],
  work: (caller: Caller) => Promise<number>,
): Promise<number[][]> {
  const found = callers.map(() => [] as number[])
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [...callers.keys()] : [...callers.keys()].reverse()
    for (const index of order) found[index]?.push(await work(callers[index] as Caller))
  }
  return found
}
