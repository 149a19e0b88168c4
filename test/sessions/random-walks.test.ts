import { describe, expect, test } from 'vitest'
import { type EventType, isTerminalEventType } from '../../src/contract/events.ts'
import { type TurnStatus, turnStatuses } from '../../src/contract/turns.ts'
import type { EventRecord } from '../../src/sessions/records.ts'
import { canTransition, isTerminal, terminalEventOf, turnTransitions } from '../../src/sessions/turns/turn.ts'
import { caller, openSessions, plain, promptOf } from '../support/open-sessions.ts'

describe('the table of turn states', () => {
  test('T1: terminal states lead nowhere, all others lead on', () => {
    const terminal = turnStatuses.filter(status => turnTransitions[status].length === 0)
    expect(terminal).toEqual(['completed', 'failed', 'interrupted', 'timed_out', 'lost', 'cancelled'])
    expect(Object.keys(terminalEventOf).sort()).toEqual([...terminal].sort())
  })

  test('every state but the first is reached from another', () => {
    const reached = new Set(Object.values(turnTransitions).flat())
    expect(turnStatuses.filter(status => !reached.has(status as never))).toEqual(['queued'])
  })
})

const statusAfter: Partial<Record<EventType, TurnStatus>> = {
  'turn.queued': 'queued',
  'turn.started': 'running',
  'turn.completed': 'completed',
  'turn.failed': 'failed',
  'turn.timed_out': 'timed_out',
  'turn.lost': 'lost',
}

/** Checks a session's whole log against the invariants of docs/turn-states.md. */
function checkLog(events: EventRecord[]): void {
  // E1: sequences have no gap and no repeat.
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  const statuses = new Map<string, TurnStatus>()
  let running: string | undefined
  for (const { type, turnId, payload } of events) {
    if (turnId === null) continue
    if (type === 'message') {
      // T5: messages of a turn come while it runs.
      expect(running).toBe(turnId)
      continue
    }
    const to = type === 'turn.interrupted' ? (payload.status as TurnStatus) : statusAfter[type]
    if (!to) continue
    const from = statuses.get(turnId)
    // T2: only the table's steps.
    if (from === undefined) expect(to).toBe('queued')
    else expect(canTransition(from, to), `${from} to ${to}`).toBe(true)
    statuses.set(turnId, to)
    if (to === 'running') {
      // T3: one turn at a time.
      expect(running).toBeUndefined()
      running = turnId
    }
    if (isTerminalEventType(type) && running === turnId) running = undefined
  }
  // T4: every turn has ended.
  for (const status of statuses.values()) expect(isTerminal(status), status).toBe(true)
}

describe('random walks over a session', () => {
  test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'seed %i keeps the invariants',
    async seed => {
      let state = seed * 7919
      const random = (below: number) => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor((state / 2_147_483_648) * below)
      }
      const { sessions, launcher, store } = await openSessions({ maxLiveProcesses: 2, maxQueuedTurns: 3 })
      const ids = [
        (await sessions.create(caller, plain)).session.id,
        (await sessions.create(caller, plain)).session.id,
      ]
      ids.push((await sessions.create(caller, plain)).session.id)
      launcher.script = async scene => {
        scene.say('begun')
        if (scene.text === 'hang') await scene.stopped
        if (scene.text === 'die') scene.die()
        for (let turn = random(6); turn > 0; turn--) await new Promise(resolve => setImmediate(resolve))
        return scene.text
      }
      const pending: Promise<unknown>[] = []
      const attempt = (work: Promise<unknown>) => pending.push(work.catch(error => error))
      for (let step = 0; step < 40; step++) {
        const id = ids[random(3)] ?? ''
        const onBusy = (['queue', 'reject', 'interrupt', 'steer'] as const)[random(4)] ?? 'queue'
        const prompt = ['hi', 'hang', 'die', 'hi'][random(4)] ?? 'hi'
        const timeoutMs = random(4) === 0 ? 1 + random(20) : 0
        const action = random(6)
        if (action < 4) attempt(sessions.submit(caller, id, promptOf(prompt, { onBusy, timeoutMs })))
        else if (action === 4) attempt(sessions.interrupt(caller, id, { clearQueue: random(2) === 0 }))
        else for (const agent of launcher.agents) if (random(3) === 0) attempt(agent.close())
        for (let turn = random(4); turn > 0; turn--) await new Promise(resolve => setImmediate(resolve))
      }
      await Promise.all(pending)
      for (const id of ids) {
        await sessions.end(caller, id)
        const events = await store.listEvents(caller.tenantId, { sessionId: id, after: 0, limit: 10_000 })
        checkLog(events)
        const { turns } = await sessions.listTurns(caller, id, { limit: 1000, offset: 0 })
        for (const turn of turns) expect(isTerminal(turn.status), turn.status).toBe(true)
      }
    },
  )
})
