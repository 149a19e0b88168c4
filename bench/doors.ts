import { join } from 'node:path'
import { type Caller, createCaller } from './support/caller.ts'
import { openScriptedServer } from './support/open-server.ts'
import { memoryOf } from './support/process-figures.ts'
import { median, megabytes, ms, printTable, printTarget, quantile, times } from './support/report.ts'
import type { Bench } from './support/scope.ts'

/**
 * What doors cost: a request to the API of a server without doors, of one with all doors, and the same request
 * through a door, which makes it in its process.
 */
export const doors: Bench = async scope => {
  const rounds = scope.quick ? 50 : 3_000
  const closed = await openScriptedServer(scope)
  const dataDir = join(scope.directory, 'open')
  const open = await openScriptedServer(scope, { dataDir, doors: ['all'] })
  const [without, with_] = [createCaller(closed.url), createCaller(open.url)]
  scope.onEnd(() => without.close())
  scope.onEnd(() => with_.close())
  const paths = [await without.createSession(), await with_.createSession()].map(id => `/sessions/${id}`)
  const memory = [memoryOf(closed.pid).now, memoryOf(open.pid).now] as const
  const took = { without: [] as number[], with: [] as number[], through: [] as number[] }
  const door = '/doors/managed-agents/v1/sessions?limit=1'
  const list = '/sessions?limit=1'
  const steps = [
    () => time(without, paths[0] ?? '', took.without),
    () => time(with_, paths[1] ?? '', took.with),
  ]
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) await step()
  }
  const direct: number[] = []
  for (let round = 0; round < rounds / 3; round++) {
    await time(with_, list, direct)
    await time(with_, door, took.through)
  }
  const row = (what: string, values: number[], base: number[]) => [
    what,
    values.length,
    ms(median(values)),
    ms(quantile(values, 0.9)),
    times(median(values) / median(base)),
  ]
  printTable(
    ['request', 'n', 'median', 'p90', 'to the one before doors'],
    [
      row('GET /sessions/:id, without doors', took.without, took.without),
      row('GET /sessions/:id, with all doors', took.with, took.without),
      row('GET /sessions, with all doors', direct, direct),
      row('the same list through the door managed-agents', took.through, direct),
    ],
  )
  const ratio = median(took.with) / median(took.without)
  printTarget('a request to the API beside doors', times(ratio), 'at most ×1.05', ratio <= 1.05)
  const more = memory[1] - memory[0]
  printTarget(
    'memory of doors that nobody has used',
    megabytes(more),
    'at most 10 MB',
    more <= 10 * 1024 * 1024,
  )
}

async function time(caller: Caller, path: string, into: number[]): Promise<void> {
  const begun = performance.now()
  const { status } = await caller.call('GET', path)
  if (status !== 200) throw new Error(`${path}: ${status}`)
  into.push(performance.now() - begun)
}
