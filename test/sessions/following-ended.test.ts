import { describe, expect, test } from 'vitest'
import type { FollowRequest, LogItem } from '../../src/sessions/log/log-item.ts'
import { caller, openSessions, plain, until } from '../support/open-sessions.ts'

const forever = new AbortController().signal

/** Every item until the iteration ends by itself, by name. */
async function readToTheEnd(items: AsyncIterable<LogItem>, seen: string[] = []): Promise<string[]> {
  for await (const item of items) seen.push(item.kind === 'event' ? item.event.type : item.kind)
  return seen
}

async function open(options: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions(options)
  const { sessions } = opened
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const follow = (request: Partial<FollowRequest> = {}) =>
    sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: forever, ...request })
  const lastSequence = async () => (await sessions.get(caller, id)).session.lastSequence
  return { ...opened, id, follow, lastSequence }
}

const over = {
  ended: async ({ sessions, id }: Awaited<ReturnType<typeof open>>) => sessions.end(caller, id),
  expired: async ({ sessions, store, id }: Awaited<ReturnType<typeof open>>) => {
    await store.commit({
      tenantId: caller.tenantId,
      sessionId: id,
      at: 1,
      session: { expiresAt: 1 },
      events: [],
    })
    await sessions.get(caller, id)
  },
}

describe.each(Object.entries(over))('a session that has %s', (name, finish) => {
  test('is replayed, then its stream ends', async () => {
    const opened = await open()
    await opened.ask(opened.id, 'hello')
    await finish(opened)
    const reader = await opened.follow()
    expect(reader.exhausted).toBe(false)
    expect((await readToTheEnd(reader)).slice(-2)).toEqual([`session.${name}`, 'caught_up'])
  })

  test('ends the streams that are open, also those that began with "latest"', async () => {
    const opened = await open()
    const reading = [
      readToTheEnd(await opened.follow()),
      readToTheEnd(await opened.follow({ after: 'latest' })),
      readToTheEnd(await opened.follow({ after: 'latest', includeDeltas: true })),
    ]
    await opened.ask(opened.id, 'hello')
    await finish(opened)
    for (const items of await Promise.all(reading))
      expect(items.filter(item => item !== 'caught_up').at(-1)).toBe(`session.${name}`)
  })

  test('ends the stream of a reader that comes between', async () => {
    const opened = await open()
    // Begun before the end and asked for its first item after it.
    const reader = await opened.follow({ after: 'latest' })
    await finish(opened)
    expect(await readToTheEnd(reader)).toEqual([`session.${name}`, 'caught_up'])
  })

  test('has nothing more after its last event', async () => {
    const opened = await open()
    await finish(opened)
    const last = await opened.lastSequence()
    const exhausted = async (after: FollowRequest['after']) => (await opened.follow({ after })).exhausted
    // Until its process has gone, more may come.
    await until(() => exhausted(last))
    expect(await exhausted(last - 1)).toBe(false)
    expect(await exhausted(last)).toBe(true)
    expect(await exhausted(last + 1000)).toBe(true)
    expect(await exhausted('latest')).toBe(true)
    expect(await readToTheEnd(await opened.follow({ after: last }))).toEqual(['caught_up'])
  })
})

test('what a process still says after the end of its session reaches its readers', async () => {
  const opened = await open()
  const { sessions, id, launcher, ask } = opened
  const tell = Promise.withResolvers<() => void>()
  launcher.script = async scene => {
    tell.resolve(() => scene.tell({ type: 'system', subtype: 'last words' }))
    return 'done'
  }
  await ask(id, 'start')
  const reading = readToTheEnd(await opened.follow())
  const gate = Promise.withResolvers<void>()
  for (const agent of launcher.agents) {
    const close = agent.close.bind(agent)
    agent.close = () => gate.promise.then(close)
  }
  await sessions.end(caller, id)
  const late = await opened.follow({ after: await opened.lastSequence() })
  expect(late.exhausted).toBe(false)
  const lateItems = readToTheEnd(late)
  ;(await tell.promise)()
  gate.resolve()
  expect(await lateItems).toContain('message')
  expect((await reading).slice(-2)).toEqual(['session.ended', 'message'])
  expect((await opened.follow({ after: await opened.lastSequence() })).exhausted).toBe(true)
})

describe('a turn that has ended', () => {
  test('has nothing more after its last event, and the session goes on', async () => {
    const { follow, ask, id } = await open()
    const turn = await ask(id, 'one')
    await ask(id, 'two')
    const last = turn.lastSequence ?? 0
    const exhausted = async (after: FollowRequest['after']) =>
      (await follow({ after, turnId: turn.id })).exhausted
    expect(await exhausted(last - 1)).toBe(false)
    expect(await exhausted(last)).toBe(true)
    expect(await exhausted('latest')).toBe(true)
    expect((await follow({ after: 'latest' })).exhausted).toBe(false)
  })

  test('a turn that was cancelled in the queue ends its stream as well', async () => {
    const { follow, sessions, id } = await open()
    const submit = (prompt: string) => sessions.submit(caller, id, { prompt, timeoutMs: 0, onBusy: 'queue' })
    await submit('hang')
    const {
      turn: { id: turnId },
    } = await submit('waits')
    const seen: string[] = []
    const reading = readToTheEnd(await follow({ turnId }), seen)
    await until(() => seen.includes('caught_up'))
    await sessions.interrupt(caller, id, { clearQueue: true })
    expect(await reading).toEqual(['turn.queued', 'caught_up', 'turn.interrupted'])
    const { lastSequence } = await sessions.getTurn(caller, id, turnId)
    expect((await follow({ turnId, after: lastSequence ?? 0 })).exhausted).toBe(true)
  })
})

test('a stream of a session whose events retention has removed ends too', async () => {
  const { follow, sessions, store, id, ask } = await open()
  await ask(id, 'hello')
  const reader = await follow()
  await sessions.end(caller, id)
  const { lastSequence } = (await sessions.get(caller, id)).session
  while (await store.trimEvents(Date.now() + 1, 1000));
  expect(lastSequence).toBeGreaterThan(0)
  expect(await readToTheEnd(reader)).toEqual(['gap', 'caught_up'])
})
