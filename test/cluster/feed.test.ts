import { expect, onTestFinished, test } from 'vitest'
import { eventTypes } from '../../src/contract/events.ts'
import type { FeedItem } from '../../src/sessions/feed/feed-item.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { sharedDatabase } from '../support/nodes.ts'
import { caller, plain, until } from '../support/open-sessions.ts'
import { openNodeSessions } from './open-node.ts'

type Opened = Awaited<ReturnType<typeof openNodeSessions>>

async function follow({ sessions }: Opened, types = new Set(eventTypes)) {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const reader = await sessions.feed.follow(caller, { after: 0, types, signal: leaving.signal })
  const positions: number[] = []
  let caughtUp = false
  const done = (async () => {
    for await (const item of reader as AsyncIterable<FeedItem>) {
      if (item.kind === 'event') positions.push(item.position)
      caughtUp ||= item.kind === 'caught_up'
    }
  })()
  await until(() => caughtUp)
  return { positions, done, leave: () => leaving.abort() }
}

test('readers at every node get the events of all nodes, each once and in their order', async () => {
  const url = await sharedDatabase()
  const nodes = [await openNodeSessions(url), await openNodeSessions(url), await openNodeSessions(url)]
  const readers = await Promise.all(nodes.map(node => follow(node)))
  const rare = await follow(nodes[0] as Opened, new Set(['session.ended'] as const))
  let count = 0
  await Promise.all(
    nodes.flatMap((node, at) =>
      Array.from({ length: 4 }, async (_, index) => {
        const { session } = await node.sessions.create(caller, plain)
        count++
        if ((at + index) % 2 === 0) return
        await node.sessions.end(caller, session.id)
        count++
      }),
    ),
  )
  const all = Array.from({ length: count }, (_, index) => index + 1)
  for (const { positions } of readers) {
    await until(() => positions.length >= count)
    expect(positions).toEqual(all)
  }
  await until(() => rare.positions.length === count - 12)
  expect(nodes.flatMap(({ faults }) => faults)).toEqual([])
})

test('a reader of a node that commits nothing itself is told of one event after the other', async () => {
  const url = await sharedDatabase()
  const [quiet, busy] = [await openNodeSessions(url), await openNodeSessions(url)]
  const { positions, leave, done } = await follow(quiet)
  const session = sessionRecord({ tenantId: caller.tenantId })
  await busy.store.createSession(session, [messageEvent('0')], 100)
  for (let count = 1; count < 10; count++) {
    await until(() => positions.length === count)
    await busy.store.commit(changeOf(session, { events: [messageEvent(`${count}`)] }))
  }
  await until(() => positions.length === 10)
  expect(positions).toEqual(positions.toSorted((a, b) => a - b))
  leave()
  await done
})

test('the state of a session that another node runs is read from the store', async () => {
  const url = await sharedDatabase()
  const { ScriptedLauncher } = await import('../support/scripted-launcher.ts')
  const answered = Promise.withResolvers<void>()
  const launcher = new ScriptedLauncher(async ({ text, ask }) => {
    if (text === 'ask') await ask()
    else await answered.promise
    return 'done'
  })
  const owner = await openNodeSessions(url, { launcher })
  const other = await openNodeSessions(url)
  const ids: string[] = []
  for (const prompt of ['wait', 'ask']) {
    const { session } = await owner.sessions.create(caller, { ...plain, permissionPrompts: 'ask' })
    await owner.sessions.submit(caller, session.id, { prompt, timeoutMs: 0, onBusy: 'queue' })
    ids.push(session.id)
  }
  const { session: idle } = await owner.sessions.create(caller, plain)
  const stateAt = async (node: Opened, id: string) => (await node.sessions.get(caller, id)).state
  const list = async (state: 'idle' | 'running' | 'requires_action') =>
    (
      await other.sessions.list(caller, { limit: 50, status: 'all', archived: 'all', state } as Parameters<
        typeof other.sessions.list
      >[1])
    ).sessions.map(view => [view.session.id, view.state])
  await until(async () => (await stateAt(other, ids[1] ?? '')) === 'requires_action')
  await until(async () => (await stateAt(other, ids[0] ?? '')) === 'running')
  expect(await stateAt(other, idle.id)).toBe('idle')
  expect(await list('running')).toEqual([[ids[0], 'running']])
  expect(await list('requires_action')).toEqual([[ids[1], 'requires_action']])
  expect(await list('idle')).toEqual([[idle.id, 'idle']])
  answered.resolve()
  await until(async () => (await stateAt(other, ids[0] ?? '')) === 'idle')
})
