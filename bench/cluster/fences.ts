import { randomUUID } from 'node:crypto'
import type { Change, Fence, Store } from '../../src/sessions/ports/index.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord, turnRecord } from '../../test/suites/store-records.ts'
import { median, printTable, printTarget, times } from '../support/report.ts'
import type { Scope } from '../support/scope.ts'

const waiting = 1_000
const eventsOfChange = 2
const target = { perSecond: 8_000, cost: 1.05 }
/** Rounds; fewer on a slow machine. */
const bounds = { least: 5, most: 25, forMs: 40_000 }
const hourMs = 3_600_000

interface Writer {
  store: Store
  /** Prepares as many changes as there are sessions, each of two events. */
  changes(): Change[]
}

/**
 * Events a second that become durable while a thousand sessions wait to write: by a server alone, by a node without and
 * with fences, by three nodes at once. fsync is on. All run in this process, so that three nodes share one thread.
 */
export async function measureFences(scope: Scope, url: string): Promise<void> {
  const alone = await openWriter(scope, { url, schema: 'alone' }, waiting)
  const unfenced = await openWriter(scope, { url, schema: 'unfenced', isNode: true }, waiting)
  const fenced = await openWriter(scope, { url, schema: 'fenced', isNode: true, isFenced: true }, waiting)
  const three: Writer[] = []
  for (let node = 0; node < 3; node++) {
    const place = { url, schema: 'three', isNode: true, isFenced: true }
    three.push(await openWriter(scope, place, Math.ceil(waiting / 3)))
  }
  const setups: [name: string, writers: Writer[]][] = [
    ['a server alone, no fences', [alone]],
    ['a node, no fences', [unfenced]],
    ['a node, each change fenced', [fenced]],
    ['three nodes at once, each change fenced', three],
  ]
  const rates = setups.map(() => [] as number[])
  const { least, most, forMs } = scope.quick ? { least: 1, most: 1, forMs: 0 } : bounds
  const end = performance.now() + forMs
  for (let round = -1; round < least || (round < most && performance.now() < end); round++) {
    for (const [index, [, writers]] of setups.entries()) {
      const rate = await rateOf(writers, scope.quick ? 1 : 3)
      // The first round warms up.
      if (round >= 0) rates[index]?.push(rate)
    }
  }
  const [ofAlone = [], ofUnfenced = [], ofFenced = [], ofThree = []] = rates
  const against = (rate: number[], base: number[]) =>
    median(rate.map((value, round) => value / (base[round] ?? Number.NaN)))
  printTable(
    [`${waiting} sessions wait`, 'n', 'events/s (median)', 'to a server alone'],
    setups.map(([name], index) => {
      const found = rates[index] ?? []
      return [name, found.length, Math.round(median(found)), times(against(found, ofAlone))]
    }),
  )
  const perSecond = median(ofFenced)
  printTarget(
    'fenced events a second',
    `${Math.round(perSecond)} (three nodes ${Math.round(median(ofThree))})`,
    `≥ ${target.perSecond}`,
    perSecond >= target.perSecond,
  )
  const cost = 1 / against(ofFenced, ofUnfenced)
  printTarget(
    'a change with a fence, to one without',
    times(cost),
    `< ${times(target.cost)}`,
    cost < target.cost,
  )
}

async function openWriter(
  scope: Scope,
  {
    isNode = false,
    isFenced = false,
    ...place
  }: {
    url: string
    schema: string
    isNode?: boolean
    isFenced?: boolean
  },
  count: number,
): Promise<Writer> {
  const id = randomUUID()
  const store = await openPostgresStore({ ...place, ...(isNode && { nodeId: id }) })
  scope.onEnd(() => store.close())
  if (isNode) {
    const node = { id, url: 'http://127.0.0.1:1', version: '1', slotsFree: 1, volumes: [] }
    await store.nodes.join(node, hourMs)
    scope.onEnd(() => store.nodes.leave(id))
  }
  const fence: Fence = { owner: id, epoch: 1 }
  const placement = isNode ? { fence, volume: null } : undefined
  const pairs = Array.from({ length: count }, () => {
    const session = sessionRecord()
    return { session, turn: turnRecord(session, { status: 'running' }) }
  })
  await Promise.all(
    pairs.map(async ({ session, turn }) => {
      await store.createSession(session, [], 1_000_000, undefined, undefined, undefined, placement)
      await store.commit(changeOf(session, { insertTurn: turn }))
    }),
  )
  let round = 0
  return {
    store,
    changes() {
      round++
      return pairs.map(({ session, turn }) =>
        changeOf(session, {
          updateTurn: { id: turn.id, response: `answer ${round}`, costUsd: round },
          events: [messageEvent(`a message ${round}`, turn.id), messageEvent('another one', turn.id)],
          ...(isFenced && { fence }),
        }),
      )
    },
  }
}

/** Events a second. */
async function rateOf(writers: readonly Writer[], repeats: number): Promise<number> {
  const prepared = Array.from({ length: repeats }, () =>
    writers.map(({ store, changes }) => ({ store, changes: changes() })),
  )
  let events = 0
  const begun = performance.now()
  for (const batch of prepared) {
    await Promise.all(
      batch.flatMap(({ store, changes }) => {
        events += changes.length * eventsOfChange
        return changes.map(change => store.commit(change))
      }),
    )
  }
  return (events * 1_000) / (performance.now() - begun)
}
