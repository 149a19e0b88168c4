import { describe, expect, test } from 'vitest'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'

/** A session whose first turn runs, and a second one whose insert waits to be let through, or to fail. */
async function openHeld(onBusy: 'queue' | 'interrupt' = 'queue') {
  const opened = await openSessions()
  const { sessions, store } = opened
  const { session } = await sessions.create(caller, plain)
  const first = await sessions.submit(caller, session.id, promptOf('hang'))
  await until(() => [...opened.launcher.agents].some(({ running }) => running))
  const reached = Promise.withResolvers<void>()
  const outcome = Promise.withResolvers<void>()
  const { commit } = store
  store.commit = async change => {
    if (change.insertTurn?.prompt === 'held') {
      reached.resolve()
      await outcome.promise
    }
    return commit(change)
  }
  const held = sessions.submit(caller, session.id, promptOf('held', { onBusy }))
  held.catch(() => {})
  await reached.promise
  const refuse = () => outcome.reject(new Error('disk full'))
  return { ...opened, id: session.id, first, held, accept: outcome.resolve, refuse }
}

describe('a turn that waits to be stored while the one before it ends', () => {
  test('does not begin before it is stored', async () => {
    const { sessions, store, id, first, held, accept } = await openHeld()
    await sessions.interrupt(caller, id, { turnId: first.turn.id, clearQueue: false })
    await first.ended
    accept()
    const { turn } = await (await held).ended
    expect(turn).toMatchObject({ status: 'completed', response: 'You said: held' })
    const events = await store.listEvents(caller.tenantId, { sessionId: id, after: 0, limit: 100 })
    const ofTurn = events.filter(({ turnId }) => turnId === turn.id).map(({ type }) => type)
    expect(ofTurn.slice(0, 2)).toEqual(['turn.queued', 'turn.started'])
  })

  test('is not stopped by its own wish to interrupt', async () => {
    const { sessions, id, first, held, accept } = await openHeld('interrupt')
    await sessions.interrupt(caller, id, { turnId: first.turn.id, clearQueue: false })
    await first.ended
    accept()
    expect((await (await held).ended).turn).toMatchObject({ status: 'completed', response: 'You said: held' })
  })

  test('leaves no trace when it could not be stored, and the session works on', async () => {
    const { sessions, faults, id, first, held, refuse, ask } = await openHeld()
    await sessions.interrupt(caller, id, { turnId: first.turn.id, clearQueue: false })
    await first.ended
    refuse()
    await expect(held).rejects.toThrow('disk full')
    expect((await ask(id, 'next')).status).toBe('completed')
    expect((await sessions.listTurns(caller, id, { limit: 10, offset: 0 })).total).toBe(2)
    expect((await sessions.get(caller, id)).state).toBe('idle')
    expect(faults).toEqual([])
  })

  test('can be cancelled, whether it is stored or not', async () => {
    for (const isStored of [true, false]) {
      const { sessions, faults, id, held, accept, refuse, ask } = await openHeld()
      const interrupted = sessions.interrupt(caller, id, { clearQueue: true })
      if (isStored) accept()
      else refuse()
      await interrupted
      if (isStored) expect((await (await held).ended).turn.status).toBe('cancelled')
      else await expect(held).rejects.toThrow('disk full')
      expect((await ask(id, 'next')).status).toBe('completed')
      expect(faults).toEqual([])
    }
  })
})
