import { describe, expect, test } from 'vitest'
import type { MessagePayload } from '../../src/sessions/records.ts'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'

describe('more sessions than processes', () => {
  test('a hundred sessions with four processes: all are answered, never more than four live', async () => {
    const { sessions, ask, launcher } = await openSessions({ maxLiveProcesses: 4, maxSessions: 100 })
    const ids: string[] = []
    for (let index = 0; index < 100; index++) ids.push((await sessions.create(caller, plain)).session.id)
    expect(launcher.agents.size).toBeLessThanOrEqual(4)
    let most = 0
    launcher.script = async ({ text, say }) => {
      most = Math.max(most, launcher.agents.size)
      await new Promise(resolve => setImmediate(resolve))
      say(text)
      return text
    }
    for (let round = 0; round < 2; round++) {
      const turns = await Promise.all(ids.map((id, index) => ask(id, `${round}.${index}`)))
      expect(turns.map(({ response }) => response)).toEqual(ids.map((_, index) => `${round}.${index}`))
    }
    expect(most).toBeLessThanOrEqual(4)
    // Each came back to the conversation that it had.
    expect(launcher.launched.filter(({ resume }) => resume).length).toBeGreaterThan(90)
  })

  test('a turn without a process says why it waits, and runs when one is free', async () => {
    const { sessions, ask } = await openSessions({ maxLiveProcesses: 1 })
    const [first, second] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    const { turn: hanging } = await sessions.submit(caller, first.id, promptOf('hang'))
    const waiting = ask(second.id, 'next')
    const reader = await sessions.follow(caller, second.id, {
      after: 0,
      includeDeltas: false,
      signal: new AbortController().signal,
    })
    for await (const item of reader) {
      if (item.kind !== 'event' || item.event.type !== 'turn.queued') continue
      expect(item.event.payload).toEqual({ status: 'queued', reason: 'no_free_process' })
      break
    }
    expect((await sessions.get(caller, second.id)).state).toBe('running')
    await sessions.interrupt(caller, first.id, { turnId: hanging.id, clearQueue: false })
    expect(await waiting).toMatchObject({ status: 'completed', response: 'You said: next' })
  })

  test('too many that wait are refused, and nothing of them is stored', async () => {
    const { sessions } = await openSessions({ maxLiveProcesses: 1, maxWaitingTurns: 1 })
    const [a, b, c] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    await sessions.submit(caller, a.id, promptOf('hang'))
    await sessions.submit(caller, b.id, promptOf('waits'))
    await expect(sessions.submit(caller, c.id, promptOf('refused'))).rejects.toMatchObject({
      code: 'TURN_QUEUE_FULL',
      details: { limit: 1, waiting: 1 },
    })
    expect((await sessions.listTurns(caller, c.id, { limit: 10, offset: 0 })).total).toBe(0)
  })

  test('a turn that waits for a process can be interrupted and can time out', async () => {
    const { sessions, ask } = await openSessions({ maxLiveProcesses: 1 })
    const [a, b] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    await sessions.submit(caller, a.id, promptOf('hang'))
    const { turn: waiting } = await sessions.submit(caller, b.id, promptOf('waits'))
    expect(await sessions.interrupt(caller, b.id, { clearQueue: false })).toEqual({
      interrupted: [],
      cancelled: [waiting.id],
    })
    expect((await ask(b.id, 'late', { timeoutMs: 20 })).status).toBe('cancelled')
    await sessions.interrupt(caller, a.id, { clearQueue: true })
    expect((await ask(b.id, 'now')).status).toBe('completed')
  })

  test('an idle session is put out least recently used first, one at work never', async () => {
    const { sessions, ask, launcher } = await openSessions({ maxLiveProcesses: 2 })
    const [a, b, c] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    await ask(a.id, 'one')
    await ask(b.id, 'two')
    await ask(a.id, 'three')
    await ask(c.id, 'four')
    const alive = [...launcher.agents].map(agent => agent.spec.claudeSessionId)
    expect(new Set(alive)).toEqual(new Set([a.id, c.id]))
  })

  test('the end of the server leaves waiting turns as they are stored', async () => {
    const { sessions, close, store } = await openSessions({ maxLiveProcesses: 1 })
    const [a, b] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    await sessions.submit(caller, a.id, promptOf('hang'))
    const { turn: waiting } = await sessions.submit(caller, b.id, promptOf('waits'))
    const closing = sessions.close()
    await closing
    expect((await store.findTurn(caller.tenantId, b.id, waiting.id))?.status).toBe('queued')
    await close()
  })

  test('a turn that could not be stored gives its process back', async () => {
    const { sessions, ask, store } = await openSessions({ maxLiveProcesses: 1 })
    const [a, b] = [
      (await sessions.create(caller, plain)).session,
      (await sessions.create(caller, plain)).session,
    ]
    const { commit } = store
    store.commit = async change => {
      if (change.insertTurn?.prompt === 'unlucky') throw new Error('disk full')
      return commit.call(store, change)
    }
    await expect(sessions.submit(caller, a.id, promptOf('unlucky'))).rejects.toThrow('disk full')
    expect((await sessions.get(caller, a.id)).state).toBe('idle')
    expect((await ask(b.id, 'hello')).status).toBe('completed')
    expect((await ask(a.id, 'hello')).status).toBe('completed')
  })
})

describe('steering', () => {
  test('hands the prompt to the running turn, and the caller gets its answer', async () => {
    const { sessions, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
    await until(() => [...launcher.agents].some(agent => agent.running))
    const { turn: steered } = await sessions.submit(caller, id, promptOf('more', { onBusy: 'steer' }))
    expect(steered.id).toBe(running.id)
    expect([...launcher.agents][0]?.steered).toEqual(['more'])
    await sessions.interrupt(caller, id, { clearQueue: false })
    const { messages } = await sessions.listMessages(caller, id, { limit: 10, offset: 0 })
    expect(
      messages
        .filter(({ payload }) => (payload as MessagePayload).source === 'user')
        .map(({ turnId }) => turnId),
    ).toEqual([running.id, running.id])
    expect((await sessions.listTurns(caller, id, { limit: 10, offset: 0 })).total).toBe(1)
  })

  test('without a running turn is a turn of its own', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    expect((await ask(id, 'hello', { onBusy: 'steer' })).response).toBe('You said: hello')
  })
})
