import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { checkInvariants, describeInvariants } from '../support/cluster-invariants.ts'
import { ClusterStorm } from '../support/cluster-storm.ts'
import { stormLength } from '../support/lanes.ts'
import { until } from '../support/open-sessions.ts'
import { random } from '../support/random.ts'

/** A longer storm, or the same one again: `CHAOS_S=600 CHAOS_SEED=7 npx vitest run test/chaos/cluster-storm.test.ts`. */
const { CHAOS_S, CHAOS_SEED } = process.env
const seconds = stormLength(CHAOS_S, { short: 30, long: 60 })
const seed = Number(CHAOS_SEED ?? 8)
const sessionCount = seconds > 60 ? 6 : 4
const leaseMs = 3_000
/** Longer than a lease: shorter turns hide overlaps. */
const longMs = 1.5 * leaseMs

/** Kills, stops and restarts nodes in the order of the seed, at most two at a time. */
async function disturb({ nodes }: ClusterStorm, until: AbortSignal, done: Record<string, number>) {
  const { below, pick } = random(seed)
  const disturbing = new Set<Promise<unknown>>()
  while (!until.aborted) {
    const [node] = nodes.filter(({ isDisturbed }) => !isDisturbed).slice(below(2))
    const kind = pick(['kill', 'kill', 'stop', 'roll'])
    const ms = kind === 'stop' ? 2 * leaseMs + 200 + below(leaseMs) : below(2 * leaseMs)
    if (node && disturbing.size < 2) {
      const work = kind === 'kill' ? node.kill(ms) : kind === 'stop' ? node.stop(ms) : node.roll()
      const disturbance = work
        .then(() => {
          done[kind] = (done[kind] ?? 0) + 1
        })
        .finally(() => disturbing.delete(disturbance))
      disturbing.add(disturbance)
    }
    await pause(500 + below(2 * leaseMs))
  }
  await Promise.all(disturbing)
  for (const node of nodes) await node.revive()
}

test(`nodes are killed, stopped and restarted for ${seconds} s, and nine invariants hold (seed ${seed})`, async () => {
  const storm = await ClusterStorm.open({ seed, leaseMs, longMs })
  const over = AbortSignal.timeout(1_000 * seconds)
  const startedAt = performance.now()
  const done: Record<string, number> = { kill: 0, stop: 0, roll: 0 }
  const drive = async () => storm.drive(await storm.begin(), over)
  await Promise.all([disturb(storm, over, done), ...Array.from({ length: sessionCount }, drive)])
  await storm.answered()
  await until(async () => (await storm.unfinished()) === 0, 180_000)
  await until(() => storm.areReadersDone(), 60_000)
  await storm.leave()
  const invariants = await checkInvariants(storm.watch, storm.witnessed)
  const took = Math.round((performance.now() - startedAt) / 1_000)
  const acts = Object.entries({ ...done, ...storm.counts }).map(([name, count]) => `${name} ${count}`)
  process.stdout.write(
    `storm of seed ${seed}, ${took} s: ${acts.join(', ')}; ${describeInvariants(invariants)}\n`,
  )
  expect(storm.nodes.flatMap(({ faults }) => faults)).toEqual([])
  expect(
    invariants.flatMap(({ name, faults }) => faults.map(fault => `${name}: ${fault}`)),
    `seed ${seed}`,
  ).toEqual([])
  for (const { name, tried } of invariants.filter(({ name }) => !name.startsWith('lost'))) {
    expect(tried, name).toBeGreaterThan(0)
  }
}, 3_600_000)
