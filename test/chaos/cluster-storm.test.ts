import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { expectAll } from '../support/cluster-invariants.ts'
import { ClusterStorm } from '../support/cluster-storm.ts'
import { stormLength } from '../support/lanes.ts'
import { random } from '../support/random.ts'

/** A longer storm, or the same one again: `CHAOS_S=600 CHAOS_SEED=7 npx vitest run test/chaos/cluster-storm.test.ts`. */
const { CHAOS_S, CHAOS_SEED } = process.env
const seconds = stormLength(CHAOS_S, { short: 25, long: 30 })
const seed = Number(CHAOS_SEED ?? 8)
const sessionCount = seconds > 60 ? 6 : 4
const leaseMs = 3_000
/** Longer than a lease: shorter turns hide overlaps. */
const longMs = 1.5 * leaseMs

/** Kills, stops and restarts nodes in the order of the seed, at most two at a time. */
async function disturb({ nodes, counts }: ClusterStorm, over: AbortSignal): Promise<void> {
  const { below, pick } = random(seed)
  const disturbing = new Set<Promise<unknown>>()
  while (!over.aborted) {
    const [node] = nodes.filter(({ isDisturbed }) => !isDisturbed).slice(below(2))
    const kind = pick(['kill', 'kill', 'stop', 'roll'])
    const ms = kind === 'stop' ? 2 * leaseMs + 200 + below(leaseMs) : below(2 * leaseMs)
    if (node && disturbing.size < 2) {
      const work = kind === 'kill' ? node.kill(ms) : kind === 'stop' ? node.stop(ms) : node.roll()
      const disturbance = work.finally(() => disturbing.delete(disturbance))
      disturbing.add(disturbance)
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    await pause(500 + below(2 * leaseMs))
  }
  await Promise.all(disturbing)
  for (const node of nodes) await node.revive()
}

test(`nodes are killed, stopped and restarted for ${seconds} s, and nine invariants hold (seed ${seed})`, async () => {
  const storm = await ClusterStorm.open({ seed, leaseMs, longMs })
  const over = AbortSignal.timeout(1_000 * seconds)
  const drive = async () => storm.drive(await storm.begin(), over)
  await Promise.all([disturb(storm, over), ...Array.from({ length: sessionCount }, drive)])
  await storm.settled()
  const invariants = await storm.check()
  expect(storm.nodes.flatMap(({ faults }) => faults)).toEqual([])
  expectAll(invariants)
}, 3_600_000)
